"""An OAuth bearer token crossed the network in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import AuthOutcome, Credential, Exposure
from smtptrace.findings import _credentials
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.HIGH
NEEDS = Facet.CREDENTIALS
INNOCENT = ("a token that has expired since",)
REFERENCES = ("CWE-319", "RFC 6750, 5.2", "MITRE ATT&CK T1528")
ADVICE = "Revoke the token, and let the client use TLS: whoever reads a bearer token can use it until it expires."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Each login whose secret went unprotected; less severe where it was refused."""
    for credential in credentials:
        if credential.exposure is Exposure.BEARER and not credential.tls:
            severity = SEVERITY if credential.outcome is AuthOutcome.ACCEPTED else Severity(SEVERITY - 1)
            what = f"The bearer token of {_credentials.who(credential)} ({credential.mechanism})"
            summary = f"{what} crossed the network in clear; {_credentials.worked(credential)}"
            yield Sight(summary, _credentials.shown(session, credential), severity)
