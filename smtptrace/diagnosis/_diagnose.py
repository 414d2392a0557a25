"""Every cause asked about one session, ranked."""

from __future__ import annotations

from collections.abc import Sequence

from smtptrace._registry import Registry
from smtptrace.auth import Credential
from smtptrace.diagnosis._cause import Cause
from smtptrace.findings import Finding
from smtptrace.smtp import Session

CAUSES = Registry("smtptrace.diagnosis")


def diagnose(session: Session, credentials: Sequence[Credential], findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """Why the session failed, the likeliest cause first; empty where it did not fail."""
    return ()
