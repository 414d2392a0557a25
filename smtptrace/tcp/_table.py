"""The connections that are followed, by the key of each direction, and a bounded memory of those that are not."""

from __future__ import annotations

from collections import defaultdict

from smtptrace.segment import Segment
from smtptrace.tcp._flow import FIN, PATIENCE, Flow, reverse
from smtptrace.tcp._half import Half, Where
from smtptrace.tcp._limits import Limits
from smtptrace.tcp._memory import Memory
from smtptrace.tcp._sequence import AHEAD, NEAR, SEQUENCE, distance
from smtptrace.tcp._verdict import SMTP_PORTS
from smtptrace.wire import Connection, Event, GapReason, Origin

Batch = tuple[Connection, list[Event], bool]
"""(connection, its next events, whether these are the last)."""

SYN, RST, ACK, URG = 2, 4, 16, 32
NAP = 64
SETTLED_NS = 1_000_000_000
"""Where a source tells of pauses, a RST counts after so long if nothing goes on."""
_NEAR = 1 << 20
_FEW = 8
"""Events that wait for more where the order of the sides tells nothing."""
_MANY = 64
"""Events without a word that a flow is waited for."""


class Table:
    """Takes the packets that are not simply the next octets of a connection known to be SMTP.

    `halves` finds the direction that a packet belongs to, `ready` collects the batches that it made. Of a SYN to a
    port that is none of SMTP's only its numbers are kept, until more comes; there are floods of them.
    """

    def __init__(self, origin: Origin, limits: Limits) -> None:
        self.halves: dict[bytes, Half] = {}
        self.ready: list[Batch] = []
        self._origin = origin
        self._limits = limits
        self._other = Memory[None](32_768)
        self._past = Memory[tuple[int | None, int | None]](8_192)
        self._opened = Memory[tuple[int, int, int]](32_768)
        self._watched: defaultdict[int, list[Flow]] = defaultdict(list)
        self._held = 0
        self._woken_ns: int | None = None
        self._swept_ns: int | None = None
        self._swept = 0

    def take(self, segment: Segment, now: int) -> None:
        """Put one packet, the `now`-th, in its place."""
        key, frame, time_ns, seq, ack, flags, payload, cut = segment
        half = self.halves.get(key) or self._begin(segment, now)
        if half is None:
            return
        if flags & SYN:
            half = self._syn(half, segment, now)
            if half is None:
                return
            seq = (seq + 1) & SEQUENCE
        flow = half.flow
        half.seen_ns = time_ns
        if flags & RST:
            flow.resets(half, (time_ns, frame), now)
            self._watch(flow, now)
        else:
            if flags & ACK:
                half.saw_ack(ack)
            if flags & URG and payload:
                half.tell("urgent-data", "octets are marked urgent; they are read in line", (time_ns, frame))
            if payload or cut or flags & FIN:
                flow.take(half, seq, segment, now)
        self._settle(flow, now)

    # --- beginnings

    def _begin(self, segment: Segment, now: int) -> Half | None:
        """A new flow, unless the packet is late, of no account, or of a flow that is not SMTP."""
        key, frame, time_ns, seq, _, flags, payload, cut = segment
        if not flags & SYN and (flags & RST or not (payload or cut)):
            return None
        if key in self._other:
            if not flags & SYN:
                return None
            for either in (key, reverse(key)):
                self._other.forget(either)
        past = self._past.get(key)
        if past is not None and _is_late(past, seq, len(payload) + cut, syn=bool(flags & SYN)):
            return None
        if flags & (SYN | ACK) == SYN and not payload and int.from_bytes(key[-2:]) not in SMTP_PORTS:
            self._opened.put(key, (seq, time_ns, frame))
            return None
        if len(self.halves) >= 2 * self._limits.flows:
            self._evict()
        return self._make(key, (time_ns, frame), now)

    def _make(self, key: bytes, where: Where, now: int) -> Half:
        """A new flow, begun by this packet or by a SYN that was seen before."""
        first = next((either for either in (key, reverse(key)) if either in self._opened), key)
        syn = self._opened.get(first)
        flow = Flow(first, *(syn[1:] if syn else where))
        for half in flow.halves:
            self.halves[half.key] = half
        if syn:
            self._opened.forget(first)
            flow.halves[0].seen_ns = syn[1]
            flow.opens(flow.halves[0], syn[0], None, now)
        return self.halves[key]

    def _syn(self, half: Half, segment: Segment, now: int) -> Half | None:
        """The half that a SYN belongs to: the same, a new one where it opens a new connection, None if it is bogus."""
        _, frame, time_ns, seq, ack, flags, _, _ = segment
        flow = half.flow
        answer = ack if flags & ACK else None
        if half.isn == seq:
            return half
        if half.isn is None and (half.next == (seq + 1) & SEQUENCE or _may_begin(half, seq)):
            flow.opens(half, seq, answer, now)
            return half
        if answer is not None and half.isn is not None and _is_unanswered(half):
            flow.opens(half, seq, answer, now)
            return half
        if answer is None and (flow.is_ending or half.next is None or abs(distance(seq, half.next)) > _NEAR):
            return self._reopen(flow, segment, now)
        half.tell("syn-inside", "a SYN that opens nothing", (time_ns, frame))
        self._settle(flow, now)
        return None

    def _reopen(self, flow: Flow, segment: Segment, now: int) -> Half | None:
        """The same two ends begin a new connection."""
        self._end(flow, now)
        self._past.forget(segment[0])
        half = self._begin(segment, now)
        return None if half is None else self._syn(half, segment, now)

    # --- after each packet

    def _settle(self, flow: Flow, now: int) -> None:
        """See what the packet changed, and hand on what is ready."""
        one, two = flow.halves
        if one.held or two.held or flow.counted:
            self._bound(flow, now)
        if flow.smtp is None:
            flow.judge(final=len(flow.events) > _MANY, sealed=self._limits.sealed())
            if flow.smtp or (flow.smtp is False and flow.is_wordless):
                flow.accept(self._origin, ordered=self._limits.ordered)
            elif flow.smtp is False:
                self._drop(flow)
                return
        if one.closed and two.closed:
            self._end(flow, now)
            return
        if flow.smtp:
            if flow.events and (one.before is not None or len(flow.events) > _FEW):
                self._hand_on(flow, ended=False)
            for half in flow.halves:
                is_calm = not half.pending and half.fin is None and flow.reset is None
                half.expect = half.next if is_calm and half.next is not None else -1
        if not flow.watched and (one.is_waiting or two.is_waiting):
            flow.watched = True
            self._watch(flow, now, now - max(one.stuck, two.stuck))

    def _watch(self, flow: Flow, now: int, waited: int = 0) -> None:
        """Look at a flow again, after as long as it has waited already."""
        self._watched[(now + max(PATIENCE, waited) + NAP - 1) // NAP].append(flow)

    def _hand_on(self, flow: Flow, *, ended: bool) -> None:
        self.ready.append((flow.connection, flow.events, ended))
        flow.events = []

    def _bound(self, flow: Flow, now: int) -> None:
        """Give up holes where too much is held behind them."""
        limits = self._limits
        for half in flow.halves:
            if half.next is None and half.held > limits.pending_octets:
                flow.decide_beginnings(now)
            while half.hole and (half.held > limits.pending_octets or len(half.pending) > limits.pending_segments):
                half.skip(GapReason.LIMIT, now)
        if self._count(flow) > limits.held_octets:
            flow.decide_beginnings(now)
            for half in flow.halves:
                while half.pending:
                    half.skip(GapReason.LIMIT, now)
            self._count(flow)

    def _count(self, flow: Flow) -> int:
        """Octets held of all flows."""
        held = flow.halves[0].weight + flow.halves[1].weight
        self._held += held - flow.counted
        flow.counted = held
        return self._held

    def _drop(self, flow: Flow) -> None:
        """It is not SMTP: never look at it again."""
        flow.ended = True
        self._forget(flow)
        for half in flow.halves:
            self._other.put(half.key, None)
        flow.release()

    # --- ends

    def _end(self, flow: Flow, now: int, given_up: str = "") -> None:
        """Tell what is left of a flow and forget it; unless it is given up, later packets of it are known as late."""
        flow.end(now, given_up)
        self._forget(flow)
        if not given_up:
            for half in flow.halves:
                self._past.put(half.key, (half.isn, half.next))
        if flow.smtp is None:
            flow.judge(final=True, sealed=self._limits.sealed())
            if flow.smtp or flow.is_wordless:
                flow.accept(self._origin, ordered=self._limits.ordered)
        if flow.smtp:
            self._hand_on(flow, ended=True)
        flow.release()

    def _forget(self, flow: Flow) -> None:
        for half in flow.halves:
            del self.halves[half.key]
        self._held -= flow.counted

    def wake(self, now: int, time_ns: int) -> None:
        """Look at the flows that wait for something, and for idle ones; called once in `NAP` packets."""
        for flow in self._watched.pop(now // NAP, ()):
            flow.watched = False
            if flow.ended:
                continue
            if flow.reset is not None and now - flow.reset.now >= PATIENCE:
                self._end(flow, now)
                continue
            if any(half.early for half in flow.halves):
                flow.decide_beginnings(now, PATIENCE)
            flow.give_up_holes(time_ns, now)
            self._settle(flow, now)
        self._sweep(now, time_ns)

    def _sweep(self, now: int, time_ns: int) -> None:
        """Give up flows without a packet for too long; each flow is looked at once in as many packets as there are."""
        time_ns, self._woken_ns = min(time_ns, self._woken_ns or time_ns), time_ns  # one wild time ends nothing
        idle_ns = self._limits.idle_s * 1_000_000_000
        elapsed = time_ns - min(time_ns, self._swept_ns or time_ns)
        self._swept_ns = time_ns - elapsed
        if elapsed < idle_ns // 8 or now - self._swept < len(self.halves):
            return
        self._swept_ns, self._swept = time_ns, now
        for flow in self._flows():
            if time_ns - flow.last_ns > idle_ns:
                self._end(flow, now, f"no packet for {self._limits.idle_s} s")

    def _evict(self) -> None:
        """Give up a quarter of the flows: those without a word first, then the longest silent."""
        flows = sorted(self._flows(), key=lambda flow: (flow.smtp is not None, flow.last_ns))
        for flow in flows[: len(flows) // 4 + 1]:
            self._end(flow, 0, f"more than {self._limits.flows} connections at one time")

    def _flows(self) -> list[Flow]:
        return [half.flow for half in self.halves.values() if half is half.flow.halves[0]]

    def pause(self, now: int, time_ns: int) -> None:
        """No packet came for a moment: hand on what is in order, and believe a RST that is old enough."""
        for flow in self._flows():
            if flow.reset is not None and time_ns - flow.reset.where[0] > SETTLED_NS:
                self._end(flow, now)
            elif flow.smtp and (flow.halves[0].size or flow.halves[1].size):
                flow.flush()
                self._hand_on(flow, ended=False)

    def finish(self, now: int) -> None:
        """The capture ends."""
        for flow in self._flows():
            self._end(flow, now)


def _is_late(past: tuple[int | None, int | None], seq: int, size: int, *, syn: bool) -> bool:
    """Whether a packet belongs to the connection that ended."""
    isn, end = past
    if syn:
        return seq == isn
    return end is not None and distance(seq + size, end) <= 0


def _may_begin(half: Half, seq: int) -> bool:
    """Whether the octets held of a flow without a known beginning may have followed this SYN."""
    return half.next is None and all(0 < distance(early[0], seq) < NEAR for early in half.early or ())


def _is_unanswered(half: Half) -> bool:
    """Whether a server said nothing yet, and its SYN was not acknowledged."""
    assert half.next is not None and half.isn is not None
    begun = (half.isn + 1) & SEQUENCE
    acknowledged = half.other.ack is not None and not (half.other.ack - begun) & AHEAD
    return half.next == begun and not half.pending and not acknowledged
