"""One TCP connection: its two directions, how it began and how it ended."""

from __future__ import annotations

from typing import NamedTuple

from smtptrace.segment import Segment
from smtptrace.tcp._half import HEAD, Half, Where
from smtptrace.tcp._sequence import NEAR, SEQUENCE, distance
from smtptrace.tcp._verdict import SMTP_PORTS, Verdict, begins_with_greeting, judge
from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Gap,
    GapReason,
    Irregularity,
    Octets,
    Open,
    Opening,
    Origin,
    Side,
)

FIN = 1
PATIENCE = 128
"""Packets of the capture for which a segment may be late before what is missing counts as missing."""


def reverse(key: bytes) -> bytes:
    """The key of the other direction."""
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]


def endpoints(key: bytes) -> tuple[Endpoint, Endpoint]:
    """Sender and receiver that a key names."""
    size = (len(key) - 4) // 2
    ports = int.from_bytes(key[-4:-2]), int.from_bytes(key[-2:])
    return Endpoint(_address(key[:size]), ports[0]), Endpoint(_address(key[size : 2 * size]), ports[1])


def _address(octets: bytes) -> str:
    if len(octets) == 4:
        return ".".join(map(str, octets))
    import ipaddress

    return str(ipaddress.IPv6Address(octets))


class Reset(NamedTuple):
    """A RST: who sent it, its next sequence number then, and when."""

    half: Half
    seq: int
    where: Where
    now: int


class Flow:
    """A connection from its first packet on.

    `smtp` is None until it is known what is spoken, `client` until the SYN or what is said tells. `events` waits to
    be handed on: before the verdict everything, afterwards what the last packet brought. `watched` tells that the
    flow is to be looked at again, `counted` how many of its octets are counted as held, `judged` how many there were
    when it was judged.
    """

    connection: Connection

    __slots__ = (
        "client",
        "connection",
        "counted",
        "ended",
        "events",
        "frame",
        "halves",
        "judged",
        "refused",
        "reset",
        "smtp",
        "time_ns",
        "watched",
    )

    def __init__(self, key: bytes, time_ns: int, frame: int) -> None:
        one, two = Half(key, self, Side.CLIENT), Half(reverse(key), self, Side.SERVER)
        one.other, two.other = one.before, two.before = two, one
        self.halves = (one, two)
        self.time_ns = time_ns
        self.frame = frame
        self.client: Half | None = None
        self.smtp: bool | None = None
        self.events: list[Event] = []
        self.reset: Reset | None = None
        self.refused = False
        self.watched = False
        self.ended = False
        self.counted = 0
        self.judged = 0

    def say(self, event: Event) -> None:
        """Add an event behind the octets that came before it; after a gap it matters in which order sides spoke."""
        self.flush()
        self.events.append(event)
        if isinstance(event, Gap):
            for half in self.halves:
                half.before = half.other

    def flush(self) -> None:
        """Make events of the octets in order that were not told yet, those that came first before the others."""
        one, two = self.halves
        is_second = one.pieces and two.pieces and two.pieces[0][2] < one.pieces[0][2]
        self.tell(one if is_second else two)

    def tell(self, last: Half) -> None:
        """The same, those of `last` behind those of the other side."""
        for half in (last.other, last):
            if half.size:
                self.events.append(half.join())

    def accept(self, origin: Origin, *, ordered: bool) -> None:
        """It is SMTP, or an attempt at it; see `Limits.ordered`."""
        self.smtp = True
        self.identify(origin)
        self.events[:0] = self.beginning()
        is_loose = not ordered and not any(isinstance(event, Gap) for event in self.events)
        for half in self.halves:
            half.head = b""
            half.before = None if is_loose else half.other

    @property
    def last_ns(self) -> int:
        """Time of the last packet."""
        one, two = self.halves
        return max(one.seen_ns or 0, two.seen_ns or 0)

    @property
    def is_ending(self) -> bool:
        """Whether an end was seen of either side."""
        return self.reset is not None or self.halves[0].closed or self.halves[1].closed

    # --- packets

    def opens(self, half: Half, seq: int, ack: int | None, now: int) -> None:
        """`half` sent a SYN, with an ACK where `ack` is not None."""
        if self.client is None:
            self.client = half if ack is None else half.other
        half.isn = seq
        half.begin((seq + 1) & SEQUENCE, now)
        if ack is not None and half.other.next is None:
            half.other.isn = (ack - 1) & SEQUENCE
            half.other.begin(ack, now)

    def take(self, half: Half, seq: int, segment: Segment, now: int) -> None:
        """Octets of `half` that begin at `seq`, or its FIN."""
        _, frame, time_ns, _, _, flags, payload, cut = segment
        where, fin = (time_ns, frame), bool(flags & FIN)
        if self.reset is not None and self.reset.half is half and payload and distance(seq, self.reset.seq) >= 0:
            half.tell("reset-ignored", "the connection went on after a RST", where)
            self.reset = None
        if half.next is None:
            half.wait(seq, payload, cut, where, now, fin=fin)
        else:
            half.insert(seq, payload, cut, where, now, fin=fin)

    def resets(self, half: Half, where: Where, now: int) -> None:
        """`half` sent a RST; what was sent before it may still come."""
        if self.reset is None:
            self.refused = half.isn is None and half.other.isn is not None and half.next is None
            self.reset = Reset(half, half.next or 0, where, now)

    # --- what is awaited

    def decide_beginnings(self, now: int, patience: int = 0) -> None:
        """Let the streams begin where the lowest octets were seen, or acknowledged, after so many packets."""
        midway = self.halves[0].isn is None and self.halves[1].isn is None
        for half in self.halves:
            if half.next is not None or (half.early and now - half.stuck < patience):
                continue
            lowest, acknowledged = half.lowest(), half.other.first_ack
            if lowest is None or (acknowledged is not None and -NEAR < distance(acknowledged, lowest) < 0):
                lowest = acknowledged
            if lowest is not None:
                half.midway = midway
                if midway and self.smtp:
                    self.say(Gap(half.side, None, GapReason.BEFORE_CAPTURE, self.time_ns, self.frame))
                half.begin(lowest, now)

    def give_up_holes(self, time_ns: int, now: int) -> None:
        """Declare what has been missing for long and will not come."""
        for half in self.halves:
            if half.hole and now - half.stuck >= PATIENCE and half.is_given_up(time_ns):
                half.skip(GapReason.LOST, now)

    # --- what is spoken

    def judge(self, *, final: bool, sealed: bool = False) -> None:
        """Find out whether it is SMTP, and which side is the server; see `Limits.sealed`."""
        one, two = self.halves
        said = len(one.head) + len(two.head)
        if said == self.judged and not final:
            return
        self.judged = said
        ports = int.from_bytes(one.key[-4:-2]), int.from_bytes(one.key[-2:])
        client = None if self.client is None else self.halves.index(self.client)
        full = len(one.head) >= HEAD or len(two.head) >= HEAD
        midway = one.midway or two.midway
        verdict = judge((one.head, two.head), ports, client, midway=midway, final=final or full, sealed=sealed)
        if verdict is Verdict.UNDECIDED:
            return
        self.smtp = verdict is not Verdict.OTHER
        if self.client is None and verdict is not Verdict.OTHER:
            self.client = self.halves[verdict is Verdict.SECOND_IS_CLIENT]

    def identify(self, origin: Origin) -> Connection:
        """Name the sides and make the Connection."""
        client = self.client or self.halves[0]
        client.side, client.other.side = Side.CLIENT, Side.SERVER
        if client is not self.halves[0]:
            for event in self.events:
                if isinstance(event, (Octets, Gap, Close, Irregularity)):
                    event.side = event.side.other
        source, target = endpoints(client.key)
        self.connection = Connection(source, target, origin, self.frame, self.time_ns)
        return self.connection

    def beginning(self) -> list[Event]:
        """What is known of the time before the first octets."""
        if self.halves[0].isn is not None or self.halves[1].isn is not None:
            return [Open(self.opening(), self.time_ns, self.frame)]
        server = self.halves[0] if self.halves[0].side is Side.SERVER else self.halves[1]
        if begins_with_greeting(server.head):
            return []
        return [
            Gap(half.side, None, GapReason.BEFORE_CAPTURE, self.time_ns, self.frame)
            for half in self.halves
            if half.midway
        ]

    def opening(self) -> Opening:
        """What came of the attempt to connect."""
        client = self.client or self.halves[0]
        server = client.other
        if self.refused:
            return Opening.REFUSED
        answered = server.isn is not None or client.ack is not None or server.seen_ns is not None
        return Opening.SYN_SEEN if answered else Opening.NO_ANSWER

    @property
    def is_wordless(self) -> bool:
        """Whether it is a connection to an SMTP port of which no word was seen: attempted, or captured without."""
        if self.judged:
            return False
        if self.client is None and any(isinstance(event, Gap) and event.size for event in self.events):
            self.client = next((half for half in self.halves if _port(half) in SMTP_PORTS), None)
            return self.client is not None
        return self.client is not None and self.client.isn is not None and _port(self.client) in SMTP_PORTS

    # --- the end

    def end(self, now: int, given_up: str = "") -> None:
        """Tell everything that is left; `given_up` says why it is given up before its end."""
        self.decide_beginnings(now)
        for half in self.halves:
            while half.hole:
                half.skip(GapReason.LOST, now)
            missing = half.unseen
            if missing == 1 or (missing and half.other.closed):  # its FIN, which counts as an octet
                missing -= 1
            if missing and not half.closed:
                self.say(Gap(half.side, missing, GapReason.LOST, half.seen_ns, None))
        self.flush()
        if given_up:
            self.say(Irregularity("given-up", given_up, Side.CLIENT, self.last_ns))
        if self.reset is not None:
            self._close(self.reset.half, Closing.RST, self.reset.where)
        else:
            for half in self.halves:
                self._close(half, Closing.END_OF_CAPTURE, (half.seen_ns, None))
        self.ended = True

    def release(self) -> None:
        """Part with what refers back to this, so that it is freed at once."""
        for half in self.halves:
            del half.other, half.before, half.flow

    def _close(self, half: Half, how: Closing, where: tuple[int | None, int | None]) -> None:
        if not half.closed:
            self.say(Close(half.side, how, *where))


def _port(half: Half) -> int:
    """The port that this side sends to."""
    return int.from_bytes(half.key[-2:])
