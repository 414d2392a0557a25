"""Replies out of the server's stream (RFC 5321, 4.2)."""

from __future__ import annotations

from smtptrace import grammar
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.records import Reply
from smtptrace.smtp.streams import PATIENCE, Stream
from smtptrace.wire import Exactness, Side, Span

_MOST = 10_000
"""Lines kept of one reply."""


class ReplyReader:
    """Takes one reply at a time, and only when asked: what follows may be TLS.

    Args:
        stream: the server's octets.
        oddities: where broken rules are told.
    """

    __slots__ = ("_code", "_exactness", "_lines", "_odd", "_place", "_size", "_start", "_stream")

    def __init__(self, stream: Stream, oddities: Oddities) -> None:
        self._stream = stream
        self._odd = oddities
        self._lines: list[bytes] = []
        self._code = 0
        self._size = 0
        self._start = 0
        self._place: tuple[int | None, int | None] = (None, None)
        self._exactness = Exactness.SEEN

    def next(self) -> Reply | None:
        """The next whole reply, None while there is none."""
        stream = self._stream
        while True:
            start = stream.position
            raw = stream.line()
            if raw is None:
                return None
            if not self._lines:
                self._start, self._place = start, stream.place(start)
                self._exactness = stream.exactness(start)
            found = grammar.REPLY_LINE.match(raw)
            if found is None:
                self._strange(raw, start)
            elif self._continue(raw, found[1], found[2], start):
                return self.cut()

    def _continue(self, raw: bytes, code: bytes, separator: bytes | None, start: int) -> bool:
        """Add a reply line; whether it ends the reply."""
        if self._lines and int(code) != self._code:
            span = self._stream.span(start)
            self._odd.tell("inconsistent-reply-codes", f"{self._code} and {int(code)} in one reply", span)
        self._code = int(code)
        self._keep(raw)
        return separator != b"-"

    def _keep(self, raw: bytes) -> None:
        self._size += len(raw)
        if len(self._lines) < _MOST and self._size <= PATIENCE:
            self._lines.append(grammar.without_line_end(raw))
        if not raw.endswith(b"\r\n"):
            self._odd.tell("bare-lf", "a reply line ends in LF without CR", self._stream.span(self._start))

    def _strange(self, raw: bytes, start: int) -> None:
        """A line without a code: kept inside a reply, told outside."""
        self._odd.tell("malformed-reply", f"the server sent {raw[:80]!r}", self._stream.span(start))
        if self._lines:
            self._keep(raw)

    def cut(self) -> Reply | None:
        """The reply as far as it is here, None where nothing is."""
        if not self._lines:
            return None
        span = Span(Side.SERVER, self._start, self._stream.position, *self._place)
        reply = Reply(self._code, tuple(self._lines), span, self._exactness)
        self._lines, self._size = [], 0
        return reply
