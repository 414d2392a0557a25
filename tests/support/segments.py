"""Packets of TCP connections written down like dialogues, and what `tcp.follow` makes of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from smtptrace import tcp
from smtptrace.segment import Segment
from smtptrace.wire import Connection, Event, Gap, Irregularity, Octets, Origin, Side

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
SECOND = 1_000_000_000
CLIENT, SERVER = Side.CLIENT, Side.SERVER
GREETING = b"220 mx.test ESMTP\r\n"


@dataclass
class Talk:
    """One TCP connection; each method sends a packet and gives the talk back, so that calls read as a dialogue.

    `next` are the sequence numbers of (client, server), `seen` what each has acknowledged.
    """

    client: str = "10.0.0.1"
    server: str = "10.0.0.2"
    ports: tuple[int, int] = (40000, 25)
    isn: tuple[int, int] = (1000, 5000)
    packets: list[Segment] = field(default_factory=list)
    clock: int = 1_700_000_000 * SECOND

    def __post_init__(self) -> None:
        self.next = [self.isn[0] + 1, self.isn[1] + 1]

    def key(self, side: Side) -> bytes:
        """The flow key of what this side sends."""
        ends = [ipaddress.ip_address(host).packed for host in (self.client, self.server)]
        ports = [port.to_bytes(2) for port in self.ports]
        return ends[side] + ends[1 - side] + ports[side] + ports[1 - side]

    def send(
        self,
        side: Side,
        data: bytes = b"",
        flags: int = ACK,
        *,
        seq: int | None = None,
        ack: int | None = None,
        cut: int = 0,
    ) -> Talk:
        """Any packet; `seq` counts from where the stream begins, as `ack` does, and leaves the dialogue alone."""
        at = self.next[side] if seq is None else self.isn[side] + 1 + seq
        acked = self.next[1 - side] if ack is None else self.isn[1 - side] + 1 + ack
        if seq is None:
            self.next[side] += len(data) + cut + (flags & FIN)
        self.clock += SECOND // 100
        self.packets.append(
            (
                self.key(side),
                len(self.packets) + 1,
                self.clock,
                at & 0xFFFFFFFF,
                acked & 0xFFFFFFFF if flags & ACK else 0,
                flags,
                data,
                cut,
            )
        )
        return self

    def shake(self) -> Talk:
        """SYN, SYN and ACK, ACK."""
        self.send(CLIENT, flags=SYN, seq=-1)
        self.send(SERVER, flags=SYN | ACK, seq=-1, ack=0)
        return self.send(CLIENT)

    def c(self, data: bytes, *, cut: int = 0) -> Talk:
        """The client says."""
        return self.send(CLIENT, data, ACK | PSH, cut=cut)

    def s(self, data: bytes, *, cut: int = 0) -> Talk:
        """The server says."""
        return self.send(SERVER, data, ACK | PSH, cut=cut)

    def lose(self, side: Side, size: int) -> Talk:
        """Octets that the capture lacks."""
        self.next[side] += size
        return self

    def again(self, *numbers: int) -> Talk:
        """Packets sent again, by their number from the end (1 is the last)."""
        for number in numbers:
            self.packets.append(self.packets[-number])
        return self

    def wait(self, seconds: float) -> Talk:
        """Time goes by."""
        self.clock += int(seconds * SECOND)
        return self

    def close(self) -> Talk:
        """FIN of both, and the last ACK."""
        return self.send(CLIENT, flags=FIN | ACK).send(SERVER, flags=FIN | ACK).send(CLIENT)

    def reset(self, side: Side) -> Talk:
        """RST."""
        return self.send(side, flags=RST | ACK)


@dataclass
class Followed:
    """A connection as `tcp.follow` told it."""

    connection: Connection
    events: list[Event] = field(default_factory=list)
    batches: int = 0
    ended: bool = False

    def said(self, side: Side) -> bytes:
        """The octets of one side."""
        return b"".join(event.data for event in self.events if isinstance(event, Octets) and event.side is side)

    @property
    def streams(self) -> tuple[bytes, bytes]:
        """The octets of client and server."""
        return self.said(CLIENT), self.said(SERVER)

    @property
    def gaps(self) -> list[tuple[Side, int | None, str]]:
        """(side, size, reason) of each gap."""
        return [(event.side, event.size, event.reason.value) for event in self.events if isinstance(event, Gap)]

    @property
    def kinds(self) -> list[str]:
        """The irregularities."""
        return [event.kind for event in self.events if isinstance(event, Irregularity)]

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def runs(self, side: Side) -> list[bytes]:
        """The octets of one side between its gaps."""
        runs = [b""]
        for event in self.events:
            if isinstance(event, Octets) and event.side is side:
                runs[-1] += event.data
            elif isinstance(event, Gap) and event.side is side:
                runs.append(b"")
        return runs

    def with_gaps(self, side: Side) -> bytes:
        """The octets of one side, an underscore for each missing one and `?` where nobody knows how many."""
        return b"".join(
            event.data if isinstance(event, Octets) else b"_" * event.size if event.size else b"?"
            for event in self.events
            if isinstance(event, (Octets, Gap)) and event.side is side
        )


def renumbered(packets: Iterable[Segment]) -> list[Segment]:
    """The packets with frames in the order they stand."""
    return [(key, at, *rest) for at, (key, _, *rest) in enumerate(packets, 1)]  # type: ignore[misc]


def noise(count: int, clock: int = Talk.clock) -> list[Segment]:
    """Packets of no account: ACKs of a connection that nobody knows."""
    other = Talk(client="192.0.2.1", ports=(50000, 443), clock=clock)
    for _ in range(count):
        other.send(CLIENT)
    return other.packets


def follow(packets: Sequence[Segment], limits: tcp.Limits | None = None) -> list[Followed]:
    """All connections among the packets, in the order they were first told."""
    found: dict[int, Followed] = {}
    for connection, events, ended in tcp.follow(renumbered(packets), Origin("test", "pcap"), limits):
        followed = found.setdefault(id(connection), Followed(connection))
        assert not followed.ended, "nothing follows the end"
        followed.events += events
        followed.batches += 1
        followed.ended = ended
    assert all(followed.ended for followed in found.values())
    return list(found.values())


def follow_one(talk: Talk, limits: tcp.Limits | None = None) -> Followed:
    """The one connection of a talk."""
    (followed,) = follow(talk.packets, limits)
    return followed
