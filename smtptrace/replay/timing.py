"""When octets went over the wire: what was sent before which reply had come, and after how long."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.edits import packets
from smtptrace.wire import Connection, Gap, Octets, Side


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets that went in one packet, and for how many nanoseconds nothing had been said before them."""

    octets: bytes
    pause_ns: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What the client sent up to one reply, as it sent it; `owed` counts the replies it was still owed by then."""

    pieces: tuple[Piece, ...]
    owed: int = 0

    @property
    def octets(self) -> bytes:
        """All of it."""
        return b"".join(piece.octets for piece in self.pieces)


class Timeline:
    """The packets of a connection in their order; places are offsets into the streams, as in `wire.Span`."""

    def __init__(self, connection: Connection) -> None:
        self._starts: tuple[list[int], list[int]] = ([], [])
        self._orders: tuple[list[int], list[int]] = ([], [])
        self._sent: list[Piece] = []
        at, last_ns = [0, 0], None
        for order, event in enumerate(_pieces(connection)):
            if isinstance(event, Octets):
                self._starts[event.side].append(at[event.side])
                self._orders[event.side].append(order)
                at[event.side] += len(event.data)
                if event.side is Side.CLIENT:
                    pause = max(event.time_ns - last_ns, 0) if event.time_ns is not None and last_ns is not None else 0
                    self._sent.append(Piece(event.data, pause))
                last_ns = event.time_ns or last_ns
            else:
                at[event.side] += event.size or 0

    def sent(self, start: int) -> int:
        """When the client's octet at `start` went out: its rank among the packets of both sides."""
        return self._order(Side.CLIENT, start)

    def come(self, stop: int) -> int:
        """When the server's octets before `stop` were all there."""
        return self._order(Side.SERVER, stop - 1)

    def _order(self, side: Side, place: int) -> int:
        at = bisect_right(self._starts[side], place) - 1
        return self._orders[side][at] if at >= 0 else -1

    def pause_ns(self, start: int) -> int:
        """How long nothing was said before the client's octet at `start`, 0 where that is not known."""
        at = bisect_left(self._starts[Side.CLIENT], start)
        here = at < len(self._sent) and self._starts[Side.CLIENT][at] == start
        return self._sent[at].pause_ns if here else 0

    def pieces(self, start: int, stop: int) -> tuple[Piece, ...]:
        """The client's octets from `start` to `stop` as they went out."""
        found = []
        at = max(bisect_right(self._starts[Side.CLIENT], start) - 1, 0)
        while at < len(self._sent) and (first := self._starts[Side.CLIENT][at]) < stop:
            piece = self._sent[at]
            octets = piece.octets[max(start - first, 0) : stop - first]
            if octets:
                found.append(Piece(octets, piece.pause_ns if first >= start else 0))
            at += 1
        return tuple(found)


def _pieces(connection: Connection) -> Iterator[Octets | Gap]:
    for event in connection.events:
        if isinstance(event, Octets):
            yield from packets(event)
        elif isinstance(event, Gap):
            yield event
