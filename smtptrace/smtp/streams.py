"""One side's octets as they wait to be read: lines and stretches, their places, and the gaps between them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from operator import itemgetter

from smtptrace.wire import Exactness, Gap, Octets, Place, Side, Span

PATIENCE = 1 << 20
"""Octets that are held while a reply is awaited, and the longest line that is kept."""

_MANY = 4096
_EVENT = 64
_SEEN = Exactness.SEEN
_Piece = tuple[int, Octets]
_start_of = itemgetter(0)


class Stream:
    """The octets of one side, appended at the end and read from the front.

    `position` is the offset of the next octet to be read, counted over all octets and sized gaps. Octets behind a gap
    stay out of reach until `cross` is called; those after `mark` can be read again.
    """

    __slots__ = (
        "_at",
        "_base",
        "_behind",
        "_beyond",
        "_data",
        "_held",
        "_inexact",
        "_mark",
        "_pieces",
        "_places",
        "_scanned",
        "_skipped",
        "_starts",
        "ended",
        "line_end",
        "side",
    )

    def __init__(self, side: Side) -> None:
        self.side = side
        self.ended = False
        self.line_end = b"\n"
        self._data: bytes | bytearray = b""
        self._at = 0
        self._base = 0
        self._scanned = 0
        self._skipped = 0
        self._mark: int | None = None
        self._inexact = False
        self._forget()
        self._behind: deque[Octets | Gap] = deque()
        self._beyond = self._held = 0  # behind the gap: octets and those of gaps; octets, and 64 for each event

    def __len__(self) -> int:
        """How many octets can be read now."""
        return len(self._data) - self._at

    @property
    def position(self) -> int:
        """Offset of the next octet to be read."""
        return self._base + self._at

    @property
    def gap(self) -> Gap | None:
        """The gap that follows the octets within reach, if there is one."""
        return self._behind[0] if self._behind else None  # type: ignore[return-value]

    @property
    def exhausted(self) -> bool:
        """Whether nothing more will come within reach: a gap is next, or the end."""
        return self.ended or bool(self._behind)

    @property
    def idle(self) -> bool:
        """Whether everything was read, and nothing but more octets can follow."""
        return self._at == len(self._data) and not (self._behind or self.ended)

    @property
    def readable(self) -> bool:
        """Whether there is something to read, or to be done about what follows."""
        return self._at < len(self._data) or self.ended or bool(self._behind)

    @property
    def end(self) -> int:
        """Offset behind all octets and sized gaps that have come."""
        return self._base + self._skipped + len(self._data) + self._beyond

    @property
    def is_patient(self) -> bool:
        """Whether no more waits to be read than may be held while a reply is awaited."""
        return len(self) + self._held <= PATIENCE

    def feed(self, event: Octets | Gap) -> None:
        """Take the next octets or gap of this side."""
        if isinstance(event, Gap):
            self._behind.append(event)
            self._beyond += event.size or 0
            self._held += _EVENT
        else:
            self.extend((event,))

    def extend(self, events: Sequence[Octets]) -> None:
        """Take the next octets of this side."""
        if self._behind:
            self._behind.extend(events)
            size = sum(len(event.data) for event in events)
            self._beyond += size
            self._held += size + _EVENT * len(events)
            return
        if self._at == len(self._data) and self._mark is None:
            self._base += self._at
            self._data, self._at, self._scanned = b"", 0, 0
            self._forget()
        end = self._base + self._skipped + len(self._data)
        self._append(events[0].data if len(events) == 1 else b"".join([event.data for event in events]))
        for event in events:
            self._note(event, end)
            end += len(event.data)

    def _note(self, event: Octets, start: int) -> None:
        """Remember which packets bring the octets of an event, and that they begin at `start`."""
        self._pieces.append((start, event))
        self._starts.append(start)
        self._places.append((0, event.time_ns, event.frame))
        if event.places:
            self._starts += map(start.__add__, map(_start_of, event.places))
            self._places += event.places
        self._inexact |= event.exactness is not Exactness.SEEN

    def _forget(self) -> None:
        """No octet that is within reach came in any packet; the first of `_places` stands for that."""
        self._pieces: list[_Piece] = []
        self._starts: list[int] = []
        self._places: list[Place] = [(0, None, None)]

    def _append(self, more: bytes) -> None:
        """Add octets behind others that are not read yet."""
        data = self._data
        if not data:
            self._data = more
            return
        kept = self._at if self._mark is None else self._mark - self._base
        if type(data) is bytes or kept > PATIENCE:
            data = self._data = bytearray(data[kept:])
            self._base += kept
            self._scanned -= kept
            self._at -= kept
            kept = 0
        data += more
        if len(self._starts) > _MANY:
            self._forget_before(self._base + kept)

    def _forget_before(self, offset: int) -> None:
        """The octets before `offset` will not be asked for any more."""
        del self._pieces[: bisect_right(self._pieces, offset, key=_start_of) - 1]
        gone = bisect_right(self._starts, offset) - 1
        del self._starts[:gone], self._places[1 : gone + 1]

    def cross(self) -> Gap:
        """Step over the gap; octets in front of it that were not read are lost from sight."""
        gap = self._behind.popleft()
        assert type(gap) is Gap
        self._base += self._skipped + len(self._data) + (gap.size or 0)
        self._data, self._at, self._scanned, self._skipped, self._mark = b"", 0, 0, 0, None
        self._forget()
        self._beyond -= gap.size or 0
        self._held -= _EVENT
        behind, self._behind = self._behind, deque()
        while behind and isinstance(behind[0], Octets):
            self._beyond -= len(behind[0].data)
            self._held -= len(behind[0].data) + _EVENT
            self.feed(behind.popleft())
        self._behind = behind
        return gap

    def line(self) -> bytes | None:
        """The next line with its LF, None while it is incomplete; only its first 1 MiB is kept."""
        data, at = self._data, self._at
        end = data.find(self.line_end, self._scanned)
        if end < 0:
            self._scanned = len(data)
            if self._scanned - at > PATIENCE:
                self._shorten()
            return None
        end += len(self.line_end)
        self._at = self._scanned = end
        if end - at <= PATIENCE:
            return bytes(data[at:end])
        self._base += self._skipped
        self._skipped = 0
        return bytes(data[at : at + PATIENCE])

    def _shorten(self) -> None:
        """Forget what an endless line has beyond its first 1 MiB."""
        self._skipped += len(self) - PATIENCE
        if not isinstance(self._data, bytearray):
            self._data = bytearray(self._data)
        self._scanned = self._at + PATIENCE
        del self._data[self._scanned :]

    def match(self, pattern: re.Pattern[bytes]) -> tuple[re.Match[bytes], Span, Exactness] | None:
        """What the pattern finds at the front, taken, and its stamp; None, and nothing taken, without a match."""
        at = self._at
        found = pattern.match(self._data, at)
        if found is None:
            return None
        stop = self._at = self._scanned = found.end()
        start = self._base + at
        _, time_ns, frame = self._places[bisect_right(self._starts, start)]
        span = Span(self.side, start, self._base + stop, time_ns, frame)
        return found, span, self.exactness(start) if self._inexact else _SEEN

    def take(self, size: int | None = None) -> bytes | bytearray:
        """The next octets, at most `size` of them; all within reach where it is None."""
        data, at = self._data, self._at
        stop = len(data) if size is None else min(at + size, len(data))
        self._at = self._scanned = stop
        return data if at == 0 and stop == len(data) else data[at:stop]

    def give_back(self, size: int) -> None:
        """Put the last `size` octets back that were taken just now."""
        self._at -= size
        self._scanned = self._at

    def end_lines_with(self, line_end: bytes) -> None:
        """From here on this ends a line; for when all octets are here."""
        self.line_end = line_end
        self._scanned = self._at

    def mark(self, position: int | None) -> None:
        """Keep everything from `position` on for `rewind`, or nothing any more; it must lie within reach."""
        self._mark = position

    def rewind(self, position: int) -> None:
        """Read again from `position`, which is not before the mark."""
        self._at = self._scanned = position - self._base
        self._mark = None

    def peek(self, size: int) -> bytes:
        """The next octets without reading them, fewer where there are not so many."""
        return bytes(self._data[self._at : self._at + size])

    def look(self, start: int, stop: int | None = None) -> bytes:
        """The octets from `start` on, which must not be before the mark, without reading them."""
        return bytes(self._data[start - self._base : None if stop is None else stop - self._base])

    def first(self) -> int:
        """The next octet, -1 where there is none."""
        return self._data[self._at] if self._at < len(self._data) else -1

    @property
    def fresh(self) -> bool:
        """Whether the next octet is the first of an event, so that order tells something about it."""
        piece = self._piece(self.position)
        return piece is not None and piece[0] == self.position

    def _piece(self, offset: int) -> _Piece | None:
        """The event that brought the octet at `offset`, and the offset of its first one."""
        pieces = self._pieces
        at = bisect_right(pieces, offset, key=_start_of) - 1 if len(pieces) > 1 else 0
        return pieces[max(at, 0)] if pieces else None

    def exactness(self, offset: int) -> Exactness:
        """How near the octet at `offset` is to the wire."""
        piece = self._piece(offset) if self._inexact else None
        return piece[1].exactness if piece else Exactness.SEEN

    def place(self, offset: int) -> tuple[int | None, int | None]:
        """Time and frame of the octet at `offset`, which must still be within reach or have been read just now."""
        _, time_ns, frame = self._places[bisect_right(self._starts, offset)]
        return time_ns, frame

    def places(self, start: int, stop: int) -> Sequence[Place]:
        """The packets that begin between `start` and `stop`, with the offsets where they do."""
        first, end = bisect_right(self._starts, start), bisect_left(self._starts, stop)
        return [(self._starts[at], *self._places[at + 1][1:]) for at in range(first, end)]

    def span(self, start: int, stop: int | None = None) -> Span:
        """The place of the octets from `start` to `stop`, by default to where reading stands."""
        _, time_ns, frame = self._places[bisect_right(self._starts, start)]
        return Span(self.side, start, self._base + self._at if stop is None else stop, time_ns, frame)

    def stamp(self, start: int) -> tuple[Span, Exactness]:
        """The place of the octets from `start` to where reading stands, and how near they are to the wire."""
        return self.span(start), self.exactness(start) if self._inexact else Exactness.SEEN
