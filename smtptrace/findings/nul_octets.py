"""NUL octets stand in commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.ANOMALIES
INNOCENT = ("a telnet client in character mode, which ends lines in CR NUL",)
REFERENCES = ("RFC 5321, 2.3.8 and 4.5.2", "CWE-158")
ADVICE = "Mend the client; some filters stop reading at a NUL."
_KINDS = ("nul",)


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The first places, and how many there are."""
    found = _anomalies.of_kind(session, *_KINDS)
    if found:
        yield Sight(_anomalies.counted(found, "NUL octets stand in commands"), _anomalies.shown(session, found))
