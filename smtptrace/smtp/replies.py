"""Replies out of the server's stream (RFC 5321, 4.2)."""

from __future__ import annotations

import re
from functools import lru_cache

from smtptrace import grammar
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.records import Reply
from smtptrace.smtp.streams import PATIENCE, Stream
from smtptrace.wire import Exactness, Place, Side, Span

SEALED = frozenset({0x00, 0x14, 0x15, 0x16, 0x17})
"""First octets of what is no text: the length of a security layer, the types of TLS records."""

_WHOLE = re.compile(rb"([2-5][0-9][0-9])(?:-[^\r\n]{0,2000}\r\n\1){0,1000}(?: [^\r\n]{0,2000})?\r\n")
"""A reply that keeps to the rules, and is all here."""

_MOST = 10_000
"""Lines kept of one reply."""


@lru_cache(maxsize=1024)
def _parsed(octets: bytes) -> tuple[int, tuple[bytes, ...]]:
    """Code and lines of a whole reply; servers repeat themselves."""
    return int(octets[:3]), tuple(octets[:-2].split(b"\r\n"))


class ReplyReader:
    """Takes one reply at a time, and only when asked: what follows may be TLS.

    Args:
        stream: the server's octets.
        oddities: where broken rules are told.
    """

    __slots__ = ("_code", "_exactness", "_lines", "_odd", "_places", "_size", "_start", "_stream", "fragment")

    def __init__(self, stream: Stream, oddities: Oddities) -> None:
        self._stream = stream
        self._odd = oddities
        self._lines: list[bytes] = []
        self._code = 0
        self._size = 0
        self._start = 0
        self._places: list[Place] = []
        self._exactness = Exactness.SEEN
        self.fragment = False

    def next(self) -> Reply | None:
        """The next whole reply, None while there is none, or where TLS or a security layer begins."""
        stream = self._stream
        if not self._lines:
            whole = stream.match(_WHOLE)
            if whole is not None:
                self.fragment = False
                found, span, exactness = whole
                code, lines = _parsed(found[0])
                places = stream.places(span.start, span.stop) if len(lines) > 1 else ()
                return Reply(code, lines, span, exactness, places=places)
        while self._lines or not self.sealed:
            start = stream.position
            raw = stream.line()
            if raw is None:
                return None
            if self._line(raw, start):
                return self._reply()
        return None

    @property
    def sealed(self) -> bool:
        """Whether the next octet is of a TLS record or a security layer, and of no text."""
        return self._stream.first() in SEALED

    def _line(self, raw: bytes, start: int) -> bool:
        """Take one line; whether it ends the reply."""
        where = self._stream.place(start)
        if not self._lines:
            self._start, self._places = start, [(start, *where)]
            self._exactness = self._stream.exactness(start)
        elif where != self._places[-1][1:]:
            self._places.append((start, *where))
        found = grammar.REPLY_LINE.match(raw)
        if found is None:
            self._strange(raw, start)
            return False
        self.fragment = False
        return self._continue(raw, found[1], found[2], start)

    def cross(self) -> Reply | None:
        """Step over a gap, or to the end; gives the reply that is cut by it, where at least its code is here."""
        stream = self._stream
        start = stream.position
        rest = bytes(stream.take())
        if rest and not self.sealed and grammar.REPLY_LINE.match(rest):
            self._line(rest, start)
        reply = self._reply() if self._lines else None
        if reply is not None:
            reply.cut = True
        if stream.gap is not None:
            stream.cross()
            self.fragment = True
        return reply

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
        if raw.endswith(b"\n") and not raw.endswith(b"\r\n"):
            self._odd.tell("bare-lf", "a reply line ends in LF without CR", self._stream.span(self._start))

    def _strange(self, raw: bytes, start: int) -> None:
        """A line without a code: kept inside a reply, told outside; after a gap it is the rest of one."""
        if self.fragment and not self._lines:
            self.fragment = False
            return
        self._odd.tell("malformed-reply", f"the server sent {raw[:80]!r}", self._stream.span(start))
        if self._lines:
            self._keep(raw)

    def _reply(self) -> Reply:
        (_, *where), *later = self._places
        span = Span(Side.SERVER, self._start, self._stream.position, *where)
        reply = Reply(self._code, tuple(self._lines), span, self._exactness, places=later)
        self._lines, self._size, self._places = [], 0, []
        return reply
