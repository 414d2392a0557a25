"""What serves as the password (a hash) crossed the network in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import AuthOutcome, Credential, Exposure
from smtptrace.findings import _credentials
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.HIGH
NEEDS = Facet.CREDENTIALS
INNOCENT = ("a test account",)
REFERENCES = ("CWE-916", "CWE-319", "MITRE ATT&CK T1040", "MITRE ATT&CK T1550.002")
ADVICE = "Change the password, turn NTLMv1 off (LmCompatibilityLevel 5), and let the client use TLS."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Each login whose secret went unprotected; less severe where it was refused."""
    for credential in credentials:
        if credential.exposure is Exposure.HASH and not credential.tls:
            severity = SEVERITY if credential.outcome is AuthOutcome.ACCEPTED else Severity(SEVERITY - 1)
            what = f"What is as good as the password of {_credentials.who(credential)} ({credential.mechanism})"
            summary = f"{what} crossed the network in clear; {_credentials.worked(credential)}"
            yield Sight(summary, _credentials.shown(session, credential), severity)
