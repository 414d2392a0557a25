"""Mail data as it streams by: counted and hashed, and kept only on demand (RFC 5321, 4.5.2; RFC 3030)."""

from __future__ import annotations

import hashlib
import re

from smtptrace.smtp.records import Content
from smtptrace.wire import Span

HEAD = 32 * 1024
"""Octets of `Content.head`."""

_LEADING_DOT = re.compile(rb"\.(?<=[\r\n]\.)")
_END = re.compile(rb"\.(?<=[\r\n]\.)(?=[\r\n])")
_OPEN_END = (b"\n.", b"\r.", b"\n.\r", b"\r.\r")


class Body:
    """Adds up one content.

    Args:
        keep: keep all octets in `Content.data`.
    """

    __slots__ = ("_data", "_hash", "_head", "exact", "missing", "seen", "start", "unknown")

    def __init__(self, start: Span, *, keep: bool) -> None:
        self.start = start
        self.seen = 0
        self.missing = 0
        self.unknown = False
        self.exact = True
        self._hash = hashlib.sha256()
        self._head = b""
        self._data: list[bytes] | None = [] if keep else None

    def add(self, octets: bytes | bytearray | memoryview) -> None:
        """Octets of the content, as the server takes them."""
        self._hash.update(octets)
        if self.seen < HEAD:
            self._head += bytes(octets[: HEAD - self.seen])
        self.seen += len(octets)
        if self._data is not None:
            self._data.append(bytes(octets))

    def lose(self, size: int | None) -> None:
        """Octets that are missing here; None where nobody knows how many."""
        self.missing += size or 0
        self.unknown = True

    def content(self, *, ended: bool) -> Content:
        """What has come so far; complete only where the end was seen and nothing is missing."""
        complete = ended and not self.unknown
        return Content(
            seen=self.seen,
            missing=self.missing,
            complete=complete,
            sha256=self._hash.hexdigest() if complete and self.exact else None,
            head=self._head,
            data=None if self._data is None else b"".join(self._data),
            span=self.start,
        )


class DotReader:
    """Takes the octets after 354 up to CRLF.CRLF and removes the leading dots.

    A dot is removed after CRLF and after LF, as servers do; only CRLF.CRLF ends the content. Other forms that some
    server might take as the end are counted in `odd_ends` with the offset of the first.
    """

    __slots__ = ("_body", "_tail", "ended")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._tail = b"\r\n"
        self.ended = False

    def feed(self, chunk: bytes | bytearray) -> int:
        """Take octets; gives how many of them lie behind the end mark (0 while it has not come)."""
        data = self._tail + chunk
        dot = _LEADING_DOT.search(data)
        if dot is None:
            self._emit(data, len(data), dotted=False)
            return 0
        for end in _END.finditer(data, dot.start()):
            at = end.start()
            if data[at - 2 : at + 3] == b"\r\n.\r\n":
                self._emit(data, at, dotted=True)
                self.ended = True
                return len(data) - at - 3
        held = next((len(mark) - 1 for mark in _OPEN_END if data.endswith(mark)), 0)
        self._emit(data, len(data) - held, dotted=True)
        return 0

    def _emit(self, data: bytes, stop: int, *, dotted: bool) -> None:
        """Pass on all up to `stop`, and keep what the next octets have to be seen with."""
        with memoryview(data) as view:
            if dotted:
                self._body.add(bytes(view[:stop]).replace(b"\n.", b"\n")[2:])
            else:
                self._body.add(view[2:stop])
        self._tail = data[stop - 2 :]

    def lose(self, size: int | None) -> None:
        """A gap: what comes after it may stand in the middle of a line."""
        self._body.add(self._tail[2:])
        self._tail = b"xx"
        self._body.lose(size)
