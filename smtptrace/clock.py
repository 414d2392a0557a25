"""Clock witnesses: what each side of a session says the time is, beside the time of the capture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from smtptrace.smtp import Content
from smtptrace.trace import Trace
from smtptrace.wire import Span

_DATE = re.compile(
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?[0-9]{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    rb"[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"
)
_DATE_FIELD = re.compile(rb"(?im)^date:[ \t]*([^\r\n]{1,200})")
_RECEIVED_FIELD = re.compile(rb"(?im)^received:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*")


@dataclass(frozen=True, slots=True)
class Witness:
    """One statement about the time.

    `kind` names where it stands, `whose` clock it is ("client", "server" or "relay"), `said_ns` is the time stated,
    `seen_ns` the capture's time of that place. A Date or Received field may be older than its transmission.
    """

    kind: str
    whose: str
    said_ns: int
    seen_ns: int
    frame: int | None

    @property
    def offset_s(self) -> float:
        """Seconds by which the stated time is ahead of the capture's."""
        return (self.said_ns - self.seen_ns) / 1e9


def witnesses(trace: Trace) -> Iterator[Witness]:
    """Every statement about the time in the session, where the capture has times to compare it with."""
    session = trace.session
    if session.greeting is not None:
        for text in session.greeting.lines:
            for found in _DATE.findall(text):
                yield from _witness("greeting", "server", _instant(found), session.greeting.span)
    for transaction in session.transactions:
        if transaction.content is not None:
            yield from _message(transaction.content)
    for credential in trace.credentials:
        said = credential.details.get("server_time") or (credential.details.get("server") or {}).get("server_time")
        if isinstance(said, str) and credential.span is not None:
            yield from _witness("AUTH", "server", _iso(said), credential.span)


def _message(content: Content) -> Iterator[Witness]:
    if content.span is None:
        return
    date = _DATE_FIELD.search(content.head)
    if date:
        yield from _witness("Date field", "client", _instant(date.group(1)), content.span)
    for received in _RECEIVED_FIELD.findall(content.head)[:1]:
        for found in _DATE.findall(received)[-1:]:
            yield from _witness("Received field", "relay", _instant(found), content.span)


def _witness(kind: str, whose: str, said_ns: int | None, span: Span) -> Iterator[Witness]:
    if said_ns is not None and span.time_ns is not None:
        yield Witness(kind, whose, said_ns, span.time_ns, span.frame)


def _instant(text: bytes) -> int | None:
    try:
        moment = parsedate_to_datetime(text.decode("ascii", "replace").strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware: datetime = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return int(aware.timestamp()) * 1_000_000_000
    except (OverflowError, ValueError):
        return None


def _iso(text: str) -> int | None:
    """The instant of an NTLM or Kerberos time stamp as it was decoded."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000) * 1_000_000
    except (ValueError, OverflowError):
        return None
