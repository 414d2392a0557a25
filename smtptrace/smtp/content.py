"""Mail data as it streams by: counted and hashed, and kept only on demand (RFC 5321, 4.5.2; RFC 3030)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from smtptrace import grammar
from smtptrace.smtp.records import Content
from smtptrace.wire import Exactness, Span

HEAD = 32 * 1024
"""Octets of `Content.head`."""

_MOST_HOLES = 10_000
"""Gaps of one content that are listed."""

_LEADING_DOT = re.compile(rb"\.(?<=[\r\n]\.)")
_END = re.compile(rb"\.(?<=[\r\n]\.)(?=[\r\n])")
_BARE_LF = re.compile(rb"\n(?<!\r\n)")  # begins with what it looks for, which is as fast as counting
_BARE_CR = re.compile(rb"\r(?!\n)")
_DOT_HELD = (b"\n.", b"\r.")
_MOST_FORKS = 8
_LINE = 512
"""Octets that a command line may have (RFC 5321, 4.5.3.1.4)."""


class Body:
    """Adds up one content.

    Args:
        start: where it begins.
        keep: keep all octets in `Content.data`.
    """

    __slots__ = ("_data", "_hash", "_head", "_holes", "exact", "gappy", "missing", "seen", "span")

    def __init__(self, start: Span, *, keep: bool) -> None:
        self.span = start
        self.seen = 0
        self.missing = 0
        self.gappy = False
        self.exact = True
        self._hash = hashlib.sha256()
        self._head = b""
        self._data: list[bytes] | None = [] if keep else None
        self._holes: list[tuple[int, int | None]] = []

    def add(self, octets: bytes | bytearray | memoryview) -> None:
        """Octets of the content, as the server takes them."""
        self._hash.update(octets)
        if self.seen < HEAD:
            self._head += bytes(octets[: HEAD - self.seen])
        self.seen += len(octets)
        if self._data is not None:
            self._data.append(bytes(octets))

    def known(self, exactness: Exactness) -> None:
        """How near the next octets are to the wire."""
        if exactness is not Exactness.SEEN:
            self.exact = False

    def lose(self, size: int | None) -> None:
        """Octets are missing here; None where nobody knows how many."""
        self.missing += size or 0
        self.gappy = True
        if len(self._holes) < _MOST_HOLES:
            self._holes.append((self.seen, size))

    def content(self, stop: int, *, ended: bool) -> Content:
        """What has come up to offset `stop`; complete only where the end was seen and nothing is missing."""
        counted = self.so_far(stop, ended=ended)
        return replace(counted, head=self._head, data=None if self._data is None else b"".join(self._data))

    def so_far(self, stop: int, *, ended: bool) -> Content:
        """The same without any octets of it: one more for each chunk would be very many."""
        complete = ended and not self.gappy
        return Content(
            seen=self.seen,
            missing=self.missing,
            complete=complete,
            sha256=self._hash.hexdigest() if complete and self.exact else None,
            span=Span(self.span.side, self.span.start, stop, self.span.time_ns, self.span.frame),
            holes=tuple(self._holes),
        )

    def copy(self) -> Body:
        """The same as it stands now, to go another way."""
        twin = Body(self.span, keep=False)
        twin.seen, twin.missing, twin.gappy, twin.exact = self.seen, self.missing, self.gappy, self.exact
        twin._hash, twin._head, twin._holes = self._hash.copy(), self._head, self._holes[:]
        twin._data = None if self._data is None else self._data[:]
        return twin


@dataclass(slots=True)
class Fork:
    """A place where some servers see the end of the content: what it is up to there, and where the rest begins.

    `certain` tells that a command follows it; else it counts only where CRLF.CRLF never comes.
    """

    form: str
    body: Body
    start: int
    stop: int
    certain: bool


class DotReader:
    """Takes the octets after 354 up to CRLF.CRLF and removes the leading dots.

    A dot is removed after CRLF and after LF, as servers do; only CRLF.CRLF ends the content. Where another form that
    some servers take for the end is followed by a command, or is the first of its kind, the reader notes a `Fork`.

    Args:
        body: where the content is added up.
        position: offset of the first octet.
    """

    __slots__ = ("_at", "_limit", "_tail", "bare", "body", "ended", "forks", "odd_end")

    def __init__(self, body: Body, position: int) -> None:
        self.body = body
        self.ended = False
        self.forks: list[Fork] = []
        self.odd_end: tuple[str, int] | None = None
        self.bare: dict[str, int] = {}
        self._tail = b"\r\n"
        self._at = position
        self._limit = _MOST_FORKS

    def feed(self, chunk: bytes | bytearray) -> int:
        """Take octets; gives how many of them lie behind the end mark (0 while it has not come)."""
        data = self._tail + chunk
        self._at += len(chunk)
        self._look_for_bare(data)
        dot = _LEADING_DOT.search(data)
        if dot is None:
            self._emit(data, len(data), len(data))
            return 0
        held = len(data)
        for end in _END.finditer(data, dot.start()):
            at = end.start()
            if data[at - 2 : at + 3] == b"\r\n.\r\n":
                self._emit(data, at, dot.start())
                self.ended = True
                return len(data) - at - 3
            held = self._odd(data, at)
            if held < len(data):
                break
        if data.endswith(_DOT_HELD):
            held = min(held, len(data) - 1)
        self._emit(data, held, dot.start())
        return 0

    def _odd(self, data: bytes, at: int) -> int:
        """A dot alone between line ends that are not both CRLF; gives where to stop reading for now."""
        stop = at + (3 if data[at + 1 : at + 3] == b"\r\n" else 2)
        if data[at + 1 : at + 3] == b"\r":
            return at
        if self.odd_end is None:
            self.odd_end = (_form(data, at, stop), self._at - len(data) + at)
        if len(self.forks) >= self._limit:
            return len(data)
        certain = grammar.is_command(data, stop)
        if not certain and len(data) - stop < _LINE and data.find(b"\n", stop) < 0:
            return at
        if certain or not self.forks:
            self._fork(data, at, stop, certain=certain)
        return len(data)

    def _fork(self, data: bytes, at: int, stop: int, *, certain: bool) -> None:
        """Note where the content would end here."""
        body = self.body.copy()
        body.add(data[:at].replace(b"\n.", b"\n")[2:])
        offset = self._at - len(data)
        self.forks.append(Fork(_form(data, at, stop), body, offset + at, offset + stop, certain))

    def give_up_forks(self) -> None:
        """Nothing but CRLF.CRLF ends this content."""
        self.forks, self._limit = [], 0

    def rest(self) -> None:
        """No more octets come: what was held back is content, or an odd end with nothing behind it."""
        data = self._tail
        at = 2
        if data[2:3] == b"." and data[3:4] in (b"\r", b"\n") and len(self.forks) < self._limit:
            stop = at + (3 if data[at + 1 : at + 3] == b"\r\n" else 2)
            if stop == len(data) or not self.forks:
                self._fork(data, at, stop, certain=False)
        self._emit(data, len(data), 2)

    def _emit(self, data: bytes, stop: int, dot: int) -> None:
        """Pass on all up to `stop`, without the dots that begin lines from `dot` on; keep the end to go on from."""
        with memoryview(data) as view:
            self.body.add(view[2 : min(dot, stop)])
            if dot < stop:
                self.body.add(data[dot - 1 : stop].replace(b"\n.", b"\n")[1:])
        self._tail = data[stop - 2 :]

    def _look_for_bare(self, data: bytes) -> None:
        """Note where CR and LF first stand alone (RFC 5321, 2.3.8)."""
        if "bare-lf" not in self.bare and (found := _BARE_LF.search(data, 1)):
            self.bare["bare-lf"] = self._at - len(data) + found.start()
        if "bare-cr" not in self.bare and (found := _BARE_CR.search(data)) and found.end() < len(data):
            self.bare["bare-cr"] = self._at - len(data) + found.start()

    @property
    def needed(self) -> int | None:
        """Offset from which on the octets may have to be read again."""
        if self.forks:
            return self.forks[0].stop
        return self._at - len(self._tail) + 2 if len(self._tail) > 2 else None

    def lose(self, size: int | None, *, new_line: bool) -> None:
        """A gap: what comes after it stands in the middle of a line, or begins one."""
        self._emit(self._tail, len(self._tail), 2)
        self._tail = b"\r\n" if new_line else b"xx"
        self._at += size or 0
        self.body.lose(size)


def _form(data: bytes, at: int, stop: int) -> str:
    before = data[at - 2 : at] if data[at - 2 : at] == b"\r\n" else data[at - 1 : at]
    names = {b"\r\n": "CRLF", b"\n": "LF", b"\r": "CR"}
    return f"{names[before]}.{names[data[at + 1 : stop]]}"
