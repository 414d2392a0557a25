"""The client sends commands without waiting, though PIPELINING was not offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.ANOMALIES
INNOCENT = ("a script that writes its lines at once",)
REFERENCES = ("RFC 2920, 3.1", "RFC 5321, 4.3.1")
ADVICE = "Let the client wait for each reply, or the server offer PIPELINING."
_KINDS = ("pipelining-not-offered", "reply-not-awaited")


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The first places, and how many there are."""
    found = _anomalies.of_kind(session, *_KINDS)
    if found:
        yield Sight(
            _anomalies.counted(found, "Commands are sent without waiting for replies, and PIPELINING is not offered"),
            _anomalies.shown(session, found),
        )
