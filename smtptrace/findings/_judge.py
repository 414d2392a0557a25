"""Every rule asked about one session."""

from __future__ import annotations

from collections.abc import Sequence

from smtptrace._registry import Registry
from smtptrace.auth import Credential
from smtptrace.findings._finding import Finding
from smtptrace.smtp import Session

RULES = Registry("smtptrace.findings")


def judge(session: Session, credentials: Sequence[Credential]) -> tuple[Finding, ...]:
    """What the rules find in the session, the most severe first."""
    return ()
