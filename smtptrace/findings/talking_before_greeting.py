"""The client speaks before the greeting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.ANOMALIES
INNOCENT = ("a load balancer's health check", "a client of TLS from the start on a clear port")
REFERENCES = ("RFC 5321, 4.3.1", "RFC 2920, 3.1")
ADVICE = "Mend the client; servers treat this as a mark of spam programs."
_KINDS = ("early-talker",)


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The first places, and how many there are."""
    found = _anomalies.of_kind(session, *_KINDS)
    if found:
        yield Sight(
            _anomalies.counted(
                found, "The client speaks before the greeting: consistent with a program that does not read replies"
            ),
            _anomalies.shown(session, found),
        )
