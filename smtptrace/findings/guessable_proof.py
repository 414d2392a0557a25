"""A challenge and its answer crossed the network in clear, against which passwords can be guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import AuthOutcome, Credential, Exposure
from smtptrace.findings import _credentials
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.CREDENTIALS
INNOCENT = ("a long random password, which no guessing finds",)
REFERENCES = ("CWE-319", "CWE-521", "MITRE ATT&CK T1110.002")
ADVICE = "Let the client use TLS; a password that could be guessed should be changed."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Each login whose secret went unprotected; less severe where it was refused."""
    for credential in credentials:
        if credential.exposure is Exposure.GUESSABLE and not credential.tls:
            severity = SEVERITY if credential.outcome is AuthOutcome.ACCEPTED else Severity(Severity.INFO)
            what = f"A proof to guess passwords against, of {_credentials.who(credential)} ({credential.mechanism})"
            summary = f"{what} crossed the network in clear; {_credentials.worked(credential)}"
            yield Sight(summary, _credentials.shown(session, credential), severity)
