"""Replies in clear follow the server's 220 to STARTTLS: a client that keeps them takes them as said inside TLS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.HIGH
NEEDS = Facet.ANOMALIES
INNOCENT = ("a scanner that tests for this on purpose",)
REFERENCES = ("CVE-2021-38370", "RFC 3207, 6", "CWE-74")
ADVICE = "Update the client: it has to drop what came before the handshake. Look for someone on the path."
_KINDS = ("reply-injection",)


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The first places, and how many there are."""
    found = _anomalies.of_kind(session, *_KINDS)
    if found:
        yield Sight(
            _anomalies.counted(
                found, "Octets in clear follow the server's reply to STARTTLS: consistent with reply injection"
            ),
            _anomalies.shown(session, found),
        )
