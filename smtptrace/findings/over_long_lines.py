"""Lines are longer than the standard allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._evidence import text_of
from smtptrace.findings._finding import Evidence, Facet, Severity, Sight
from smtptrace.smtp import Content, Session
from smtptrace.wire import Side, Span

SEVERITY = Severity.LOW
NEEDS = Facet.ANY
INNOCENT = ("a program that writes HTML on one line",)
REFERENCES = ("RFC 5321, 4.5.3.1", "RFC 5322, 2.1.1", "CWE-120")
ADVICE = "Let the client encode the body as quoted-printable or base64; servers refuse or break such lines."
_LIMIT = 998


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """Commands and content lines over their limits; of a content its first octets are looked at."""
    if session.anomalies:
        found = _anomalies.of_kind(session, "over-long-line")
        if found:
            yield Sight(_anomalies.counted(found, "Command lines are over-long"), _anomalies.shown(session, found))
    for transaction in session.transactions:
        content = transaction.content
        start = _long_line(content.head) if content is not None else -1
        if content is not None and start >= 0:
            yield _sight(content, start)
            return


def _long_line(head: bytes) -> int:
    """Where the first line over the limit begins, -1 where there is none: looks at one octet in a thousand."""
    start, size = 0, len(head)
    while size - start > _LIMIT:
        end = head.rfind(b"\n", start, start + _LIMIT + 2)
        if end < 0:
            return start
        start = end + 1
    return -1


def _sight(content: Content, start: int) -> Sight:
    stop = content.head.find(b"\n", start)
    length = (stop if stop >= 0 else len(content.head)) - start
    place = content.span
    span = (
        Span(Side.CLIENT, place.start + start, place.start + start + length, place.time_ns, place.frame)
        if place
        else None
    )
    evidence = Evidence(text_of(content.head[start : start + 200]), span)
    return Sight(f"A line of the content has {length} octets or more, {_LIMIT} are allowed", (evidence,))
