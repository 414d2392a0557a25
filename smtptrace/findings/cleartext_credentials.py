"""A user name and its password crossed the network in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import AuthOutcome, Credential, Exposure
from smtptrace.findings import _credentials
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.HIGH
NEEDS = Facet.CREDENTIALS
INNOCENT = ("a test account, or a network that nobody else can read",)
REFERENCES = ("CWE-319", "CWE-522", "MITRE ATT&CK T1040", "RFC 8314, 3")
ADVICE = (
    "Change the password, then let the client use STARTTLS or port 465, and let the server offer LOGIN and PLAIN "
    "inside TLS only."
)


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Each login whose secret went unprotected; less severe where it was refused."""
    for credential in credentials:
        if credential.exposure is Exposure.CLEAR and not credential.tls:
            severity = SEVERITY if credential.outcome is AuthOutcome.ACCEPTED else Severity(SEVERITY - 1)
            what = f"The password of {_credentials.who(credential)} ({credential.mechanism})"
            summary = f"{what} crossed the network in clear; {_credentials.worked(credential)}"
            yield Sight(summary, _credentials.shown(session, credential), severity)
