"""Commands in clear follow STARTTLS in the same flight: a server that keeps them takes them as said inside TLS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.HIGH
NEEDS = Facet.ANOMALIES
INNOCENT = ("a scanner that tests for this on purpose", "a client that pipelines where it must not")
REFERENCES = ("CVE-2011-0411", "RFC 3207, 4.2 and 6", "CWE-74")
ADVICE = (
    "Look whether a reply to the injected command comes inside TLS. Update the server: it has to drop what came "
    "before the handshake."
)
_KINDS = ("starttls-injection",)


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The first places, and how many there are."""
    found = _anomalies.of_kind(session, *_KINDS)
    if found:
        yield Sight(
            _anomalies.counted(
                found, "Octets in clear follow STARTTLS in the same flight: consistent with command injection"
            ),
            _anomalies.shown(session, found),
        )
