"""The river: the one place that knows the order of the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smtptrace.auth import Credential, read_credentials
from smtptrace.diagnosis import Cause, diagnose
from smtptrace.findings import Finding, judge
from smtptrace.smtp import Session


@dataclass(slots=True)
class Trace:
    """One session with everything that was concluded from it."""

    session: Session
    credentials: Sequence[Credential] = ()
    findings: Sequence[Finding] = ()
    causes: Sequence[Cause] = ()


def trace_session(session: Session) -> Trace:
    """The session decoded, judged and explained."""
    credentials = read_credentials(session)
    findings = judge(session, credentials)
    return Trace(session, credentials, findings, diagnose(session, credentials, findings))
