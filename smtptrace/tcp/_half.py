"""One direction of a TCP connection: its octets in order, each once, and the holes between them (RFC 9293, 3.4)."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from smtptrace.tcp._sequence import AHEAD, NEAR, SEQUENCE, WINDOW, distance
from smtptrace.wire import Close, Closing, Exactness, Gap, GapReason, Irregularity, Octets, Side

if TYPE_CHECKING:
    from smtptrace.tcp._flow import Flow

LONGEST_PAUSE_NS = 60_000_000_000
"""The most that a sender waits before it sends again, as commonly set (RFC 6298, 2.5)."""
JOIN = 32 * 1024
"""Octets in order that are joined into one event at most, give or take a segment."""
PLACE = 64
"""What it takes to know the packet that octets came in, counted as octets."""
HEAD = 4096
"""First octets of a direction that may be looked at to tell what is spoken."""
_TAIL = 1536
_SEGMENT = 128
_AFTER_FIN = ("octets-after-fin", "octets after the FIN were left out")
_DIFFERS = ("overlap-differs", "octets were sent twice and differ; the first are kept")

Where = tuple[int, int]
"""(time_ns, frame) of a packet."""
Piece = tuple[int, bytes, int, Where]
"""(position, octets, octets cut off behind them, packet)."""


def part(payload: bytes, cut: int, start: int, stop: int) -> tuple[bytes, int]:
    """Octets `start` to `stop` of a payload whose last `cut` octets are not here."""
    return payload[start:stop], max(0, min(stop, len(payload) + cut) - max(start, len(payload)))


class Half:
    """The octets of one direction.

    `next` is the sequence number of the next octet, None until it is known where the stream begins; `expect` is the
    same while octets can simply be appended, else -1. `position` counts octets like `next` but without wrapping; it
    only serves to order `pending`, the segments that came too early. `early` holds segments until the beginning is
    known. `ack` is the highest acknowledgement this side sent, `first_ack` the lowest. `pieces` are the octets in
    order that were not told yet, packet by packet, and `size` is what they weigh. `before` is the other side where its
    octets must be told before further ones of this.
    """

    __slots__ = (
        "ack",
        "base",
        "before",
        "closed",
        "early",
        "expect",
        "fin",
        "first_ack",
        "flow",
        "head",
        "held",
        "isn",
        "key",
        "midway",
        "next",
        "other",
        "pending",
        "pieces",
        "position",
        "seen_ns",
        "side",
        "size",
        "stuck",
        "tail",
        "told",
        "turned",
    )

    def __init__(self, key: bytes, flow: Flow, side: Side) -> None:
        self.key = key
        self.flow = flow
        self.side = side
        self.other: Half = self
        self.before: Half | None = self
        self.expect = -1
        self.next: int | None = None
        self.base = 0
        self.isn: int | None = None
        self.ack: int | None = None
        self.first_ack: int | None = None
        self.seen_ns: int | None = None
        self.pieces: list[tuple[bytes, int, int]] = []
        self.size = self.turned = 0
        self.head = self.tail = b""
        self.early: list[tuple[int, bytes, int, Where, bool]] | None = None
        self.midway = False
        self.pending: list[Piece] = []
        self.position = 0
        self.held = 0
        self.stuck = 0
        self.fin: tuple[int, Where] | None = None
        self.closed = False
        self.told: tuple[str, ...] = ()

    def saw_ack(self, ack: int) -> None:
        """This side acknowledged the other's octets before `ack`."""
        if self.ack is None or self.first_ack is None:
            self.ack = self.first_ack = ack
        elif not (ack - self.ack) & AHEAD:
            self.ack = ack
        elif distance(ack, self.first_ack) < 0:
            self.first_ack = ack

    def tell(self, kind: str, detail: str, where: Where) -> None:
        """Report an irregularity, the first of its kind."""
        if kind not in self.told:
            self.told += (kind,)
            self.flow.say(Irregularity(kind, detail, self.side, *where))

    # --- where the stream begins

    def wait(self, seq: int, payload: bytes, cut: int, where: Where, now: int, *, fin: bool) -> None:
        """Hold a segment until it is known where the stream begins."""
        if self.early is None:
            self.early, self.stuck = [], now
        self.early.append((seq, payload, cut, where, fin))
        self.held += len(payload) + cut

    def lowest(self) -> int | None:
        """The lowest sequence number among the segments held."""
        if not self.early:
            return None
        reference = self.early[0][0]
        return min((segment[0] for segment in self.early), key=lambda seq: distance(seq, reference))

    def begin(self, seq: int, now: int) -> None:
        """The stream begins at `seq`; what was held is put in its place."""
        self.next = self.base = seq
        self.stuck = now
        early, self.early, self.held = self.early, None, 0
        for start, payload, cut, where, fin in early or ():
            self.insert(start, payload, cut, where, now, fin=fin)

    # --- octets into their place

    def insert(self, seq: int, payload: bytes, cut: int, where: Where, now: int, *, fin: bool = False) -> None:
        """Put a segment where its sequence number says; octets that are here already are dropped."""
        assert self.next is not None
        ahead = distance(seq, self.next)
        size = len(payload) + cut
        if not -WINDOW < ahead < WINDOW:
            self.tell("out-of-window", f"a segment {ahead:+} octets away was left out", where)
            return
        if fin and self.fin is None and ahead + size >= 0:
            self.fin = ((seq + size) & SEQUENCE, where)
            self.stuck = now
            self._truncate(self.position + ahead + size, where)
        if ahead < 0:
            self._compare(ahead, payload, where)
            payload, cut = part(payload, cut, -ahead, size)
            size, ahead = size + ahead, 0
        if size > 0:
            self._place(ahead, payload, cut, where, now)
        self._reach()

    def _place(self, ahead: int, payload: bytes, cut: int, where: Where, now: int) -> None:
        assert self.next is not None
        if self.fin is not None and ahead + len(payload) + cut > distance(self.fin[0], self.next):
            room = max(0, distance(self.fin[0], self.next) - ahead)
            if len(payload) + cut - room > 1:  # one octet is a keep-alive
                self.tell(*_AFTER_FIN, where)
            payload, cut = part(payload, cut, 0, room)
            if not room:
                return
        if ahead == 0 and not self.pending:
            self.append(payload, cut, where)
        else:
            if not self.pending:
                self.position, self.stuck = 0, now
            self._hold(self.position + ahead, payload, cut, where)
            self._drain(now)

    def _truncate(self, stop: int, where: Where) -> None:
        """Drop what is held behind the FIN."""
        pending = self.pending
        while pending and _stop(pending[-1]) > stop:
            position, payload, cut, place = pending.pop()
            self.held -= len(payload) + cut
            self.tell(*_AFTER_FIN, where)
            if position < stop:
                payload, cut = part(payload, cut, 0, stop - position)
                pending.append((position, payload, cut, place))
                self.held += len(payload) + cut

    def append(self, payload: bytes, cut: int, where: Where) -> None:
        """Take the next octets of the stream; the other side's octets before them become an event."""
        assert self.next is not None
        flow = self.flow
        if payload:
            if self.before is not None and self.before.size:
                flow.events.append(self.before.join())
            self.pieces.append((payload, *where))
            self.size += len(payload) + PLACE
            if flow.smtp is None:
                self.head = (self.head + payload)[:HEAD]
            if self.size >= JOIN:
                flow.tell(self)
        if cut:
            flow.say(Gap(self.side, cut, GapReason.SNAPLEN, *where))
            self.tail = b""
        self.next = (self.next + len(payload) + cut) & SEQUENCE
        self.position += len(payload) + cut

    def join(self) -> Octets:
        """One event of the octets in order that were not told yet."""
        pieces = self.pieces
        if len(pieces) == 1:
            data, time_ns, frame = pieces[0]
            event = Octets(self.side, data, time_ns, frame)
        else:
            payloads, times, frames = zip(*pieces, strict=True)
            data = b"".join(payloads)
            places = list(zip(accumulate(map(len, payloads)), times[1:], frames[1:], strict=False))
            event = Octets(self.side, data, times[0], frames[0], Exactness.SEEN, places)
        self.tail = data[-_TAIL:]
        self.pieces, self.size = [], 0
        return event

    def _compare(self, ahead: int, payload: bytes, where: Where) -> None:
        """Tell where octets sent again are not those of the first time, as far as these are still at hand."""
        if ahead == -1 and len(payload) <= 1:  # a keep-alive may carry any octet (RFC 1122, 4.2.3.6)
            return
        recent = self.tail + b"".join(piece[0] for piece in self.pieces)
        start = max(ahead, -len(recent))
        again = payload[start - ahead : -ahead]
        if again != recent[len(recent) + start :][: len(again)]:
            self.tell(*_DIFFERS, where)

    # --- holes

    def _hold(self, position: int, payload: bytes, cut: int, where: Where) -> None:
        """Keep octets that came too early; where they overlap what is held, the first stay."""
        pending = self.pending
        start, stop = position, position + len(payload) + cut
        at = bisect_left(pending, position, key=_position)
        if at and position < _stop(pending[at - 1]):
            at -= 1
        while position < stop:
            held = pending[at] if at < len(pending) else None
            if held is not None and held[0] <= position:
                again = payload[position - start :]
                mine = held[1][position - held[0] :]
                if again[: len(mine)] != mine[: len(again)]:
                    self.tell(*_DIFFERS, where)
                position = max(position, _stop(held))
            else:
                end = stop if held is None else min(stop, held[0])
                octets, lost = part(payload, cut, position - start, end - start)
                pending.insert(at, (position, octets, lost, where))
                self.held += len(octets) + lost
                position = end
            at += 1

    def _drain(self, now: int) -> None:
        """Append what is held as far as there is no hole before it."""
        pending = self.pending
        done = 0
        while done < len(pending) and pending[done][0] == self.position:
            _, payload, cut, where = pending[done]
            self.held -= len(payload) + cut
            self.append(payload, cut, where)
            done += 1
        if done:
            del pending[:done]
            self.stuck = now

    @property
    def is_waiting(self) -> bool:
        """Whether something is held back until something else comes."""
        return bool(self.held) or (self.fin is not None and not self.closed) or bool(self.early)

    @property
    def weight(self) -> int:
        """Octets held, with what it takes to hold a segment."""
        return self.held + _SEGMENT * (len(self.pending) + len(self.early or ()))

    @property
    def hole(self) -> int:
        """Octets missing before what is held, or before the FIN; 0 where nothing is."""
        if self.pending:
            return self.pending[0][0] - self.position
        if self.fin is None or self.closed or self.next is None:
            return 0
        return distance(self.fin[0], self.next)

    def is_given_up(self, time_ns: int) -> bool:
        """Whether what is missing here will not be sent again: the other side has acknowledged it.

        Where nothing of the other side was captured, the longest pause between retransmissions must have passed.
        """
        if self.other.seen_ns is None:
            return time_ns - self._behind[0] > LONGEST_PAUSE_NS
        return self.unseen >= self.hole

    @property
    def _behind(self) -> Where:
        """The packet behind the hole."""
        if self.pending:
            return self.pending[0][3]
        assert self.fin is not None
        return self.fin[1]

    @property
    def unseen(self) -> int:
        """How many octets behind `next` the other side acknowledged.

        Acknowledgements that were far from the stream from the first on are made up and tell nothing.
        """
        ack, first = self.other.ack, self.other.first_ack
        if self.next is None or ack is None or first is None or abs(distance(first, self.base)) > NEAR:
            return 0
        return max(0, distance(ack, self.next))

    def skip(self, reason: GapReason, now: int) -> None:
        """Give up the octets that are missing next."""
        assert self.next is not None
        size = self.hole
        self.flow.say(Gap(self.side, size, reason, *self._behind))
        self.tail = b""
        self.next = (self.next + size) & SEQUENCE
        self.position += size
        self._drain(now)
        self._reach()

    def _reach(self) -> None:
        """Close this side when all octets up to its FIN are here."""
        if self.fin is None or self.closed or self.next != self.fin[0]:
            return
        self.closed = True
        self.flow.say(Close(self.side, Closing.FIN, *self.fin[1]))


def _position(piece: Piece) -> int:
    return piece[0]


def _stop(piece: Piece) -> int:
    return piece[0] + len(piece[1]) + piece[2]
