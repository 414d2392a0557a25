"""Puts fragmented IP packets together again, within bounds."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

LONGEST_WAIT_NS = 60 * 10**9
"""A datagram whose fragments are further apart is given up (RFC 8200, 4.5)."""

MOST_FRAGMENTS = 256
MOST_DATAGRAMS = 4096
MOST_OCTETS = 16 * 1024 * 1024
LONGEST_DATAGRAM = 65_535

_LOST, _REPEATED = "fragment lost", "fragment repeated"


@dataclass(slots=True)
class _Datagram:
    """The fragments of one datagram that came so far; `size` is known from the last one on."""

    begun_ns: int
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    octets: int = 0
    size: int | None = None

    @property
    def marks(self) -> frozenset[int]:
        """By which its fragments are told from others."""
        return frozenset(map(hash, self.pieces))

    def whole(self) -> bytes | None:
        """The octets in order, None where some are missing; the first to come wins where fragments overlap."""
        if self.size is None or self.octets < self.size:
            return None
        data = bytearray(self.size)
        filled = bytearray(self.size)
        for offset, piece in reversed(self.pieces):
            stop = min(offset + len(piece), self.size)
            if stop > offset:
                data[offset:stop] = piece[: stop - offset]
                filled[offset:stop] = b"\1" * (stop - offset)
        return bytes(data) if filled.count(0) == 0 else None


class Fragments:
    """The datagrams that wait for fragments; what is given up is counted in `skipped`."""

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped = skipped
        self._waiting: OrderedDict[Hashable, _Datagram] = OrderedDict()
        self._done: OrderedDict[Hashable, frozenset[int]] = OrderedDict()
        self._octets = 0

    def add(self, identity: Hashable, offset: int, more: bool, piece: bytes, time_ns: int) -> bytes | None:
        """Take one fragment; the whole datagram's octets if it was the last one missing."""
        datagram = self._waiting.get(identity)
        if datagram and abs(time_ns - datagram.begun_ns) > LONGEST_WAIT_NS:
            self._give_up(identity)
            datagram = None
        if offset + len(piece) > LONGEST_DATAGRAM or (datagram and len(datagram.pieces) >= MOST_FRAGMENTS):
            self._skipped["fragment past a limit"] += 1
            return None
        if datagram is None:
            datagram = self._waiting[identity] = _Datagram(time_ns)
        datagram.pieces.append((offset, piece))
        datagram.octets += len(piece)
        self._octets += len(piece)
        if not more and datagram.size is None:
            datagram.size = offset + len(piece)
        whole = datagram.whole()
        if whole is not None:
            self._octets -= self._waiting.pop(identity).octets
            self._done[identity] = datagram.marks
            if len(self._done) > MOST_DATAGRAMS:
                self._done.popitem(last=False)
        while len(self._waiting) > MOST_DATAGRAMS or self._octets > MOST_OCTETS:
            self._give_up(next(iter(self._waiting)))
        return whole

    def finish(self) -> None:
        """Count what still waits as lost."""
        while self._waiting:
            self._give_up(next(iter(self._waiting)))

    def _give_up(self, identity: Hashable) -> None:
        datagram = self._waiting.pop(identity)
        self._octets -= datagram.octets
        is_repeated = datagram.marks <= self._done.get(identity, frozenset())
        self._skipped[_REPEATED if is_repeated else _LOST] += len(datagram.pieces)
