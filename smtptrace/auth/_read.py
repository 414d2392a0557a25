"""The AUTH exchanges of a Session, each read by the mechanism its octets show."""

from __future__ import annotations

from smtptrace._registry import Registry
from smtptrace.auth._credential import Credential
from smtptrace.smtp import Session

MECHANISMS = Registry("smtptrace.auth")


def read_credentials(session: Session) -> tuple[Credential, ...]:
    """One Credential for each AUTH exchange of the session, in their order."""
    raise NotImplementedError
