"""Octets of the session are missing here, so what they held is not judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._finding import Evidence, Facet, Severity, Sight
from smtptrace.smtp import Session
from smtptrace.wire import GapReason, Side, Span

SEVERITY = Severity.LOW
NEEDS = Facet.GAPS
INNOCENT = ("a capture that began late or dropped packets", "a log that leaves content out")
REFERENCES = ("RFC 9293, 3.10",)
ADVICE = "Take the capture again with a whole snap length and a larger buffer, or at another place."
_WORDS = {
    GapReason.LOST: "were lost",
    GapReason.SNAPLEN: "were cut off by the snap length",
    GapReason.NOT_LOGGED: "are not written by this kind of log",
    GapReason.BEFORE_CAPTURE: "came before the capture began",
    GapReason.AFTER_CAPTURE: "came after the capture ended",
    GapReason.LIMIT: "were passed over to stay within a limit",
}


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """How much is missing, of whom, and why."""
    shown = []
    for at, gap in session.gaps[:3]:
        size = "octets of unknown number" if gap.size is None else f"{gap.size:,} octets"
        place = Span(gap.side, at, at, gap.time_ns, gap.frame)
        shown.append(Evidence(f"({size} of the {Side(gap.side).name.lower()} {_WORDS[gap.reason]})", place))
    reasons = {gap.reason for _, gap in session.gaps}
    severity = Severity.INFO if reasons <= {GapReason.NOT_LOGGED, GapReason.BEFORE_CAPTURE} else SEVERITY
    where = "one place" if len(session.gaps) == 1 else f"{len(session.gaps)} places"
    yield Sight(f"Octets are missing in {where} of this session", tuple(shown), severity)
