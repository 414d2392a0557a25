"""Connections as pcapng files, event by event or whole."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from smtptrace import __version__
from smtptrace.grammar import verb_of
from smtptrace.pcapng import _blocks, _marks, _packets
from smtptrace.pcapng._packets import ACK, FIN, PSH, RST, SEGMENT, SYN
from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Octets,
    Open,
    Opening,
    Secured,
    Side,
    TimeBasis,
)

_NETWORKS = {4: ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"), 6: ("2001:db8::/64",)}
"""Addresses for documentation (RFC 5737, RFC 3849): for hosts whose address the source does not know."""

_UNACKNOWLEDGED = 32_768
"""Octets after which the other side acknowledges; less than its window."""

_LONGEST_GAP = 2**30
"""Octets; a longer gap is only said, lest a number in a log become a file of its size."""

_LONGEST_PACKET = 65_000
_GREETINGS = frozenset(("EHLO", "HELO", "LHLO"))
_STEP = 0x9E3779B1
"""Between the sequence numbers at which two streams begin: readers take a near one for the same stream."""

_TICK_NS = 1_000
"""Between two packets where the source has no times."""


def write(stream: BinaryIO, connections: Iterable[Connection], comment: str = "") -> None:
    """Write whole connections, one after the other; equal connections give equal octets."""
    writer = Writer(stream, comment)
    for connection in connections:
        course = writer.begin(connection)
        for event in connection.events:
            course.feed(event)
        course.finish()
    writer.flush()


class Writer:
    """A pcapng file that grows: each packet is one whole block in one write, so that a cut file loses only the last.

    Args:
        stream: open for writing octets; unbuffered or flushed through `flush`.
        comment: what the file says of itself besides who wrote it.
    """

    def __init__(self, stream: BinaryIO, comment: str = "") -> None:
        self._stream = stream
        self._count = 0
        self._streams = 0
        self._names: dict[tuple[int, str], str] = {}
        application = f"smtptrace {__version__}"
        said = f"TCP packets made by {application} from what an SMTP connection said; the octets are the connection's."
        stream.write(_blocks.section(application, f"{said} {comment}".strip()) + _blocks.interface("smtptrace"))

    def begin(self, connection: Connection) -> Course:
        """A connection whose events follow; its own `events` are not looked at."""
        self._count += 1
        client, server = self._addressed(connection)
        return Course(self, connection, self._count, client, server)

    def sequence_numbers(self) -> list[int]:
        """Where the two sides of the next TCP stream begin to count."""
        self._streams += 1
        start = self._streams * _STEP % 2**32
        return [start, start + 2**31]

    def put(self, time_ns: int, octets: bytes, length: int, comments: Iterable[str]) -> None:
        """Write one packet."""
        self._stream.write(_blocks.packet(time_ns, octets, length, comments))

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._stream.flush()

    def sync(self) -> None:
        """Have the system write it to the disk; a stream that is no file has nothing to sync."""
        self._stream.flush()
        with contextlib.suppress(OSError, AttributeError):
            os.fsync(self._stream.fileno())

    def _addressed(self, connection: Connection) -> tuple[Endpoint, Endpoint]:
        """Client and server with numeric addresses of one IP version, and ports."""
        true = (_version(connection.client.host), _version(connection.server.host))
        version = true[0] or true[1] or 4
        client, server = (
            end.host.partition("%")[0] if found == version else self._documentation(version, end.host or side)
            for end, found, side in zip((connection.client, connection.server), true, ("client", "server"), strict=True)
        )
        port = connection.client.port or 49152 + self._count % 16384
        return Endpoint(client, port), Endpoint(server, connection.server.port or 25)

    def _documentation(self, version: int, name: str) -> str:
        """The address that stands for a name throughout the file."""
        if (version, name) not in self._names:
            networks = [ipaddress.ip_network(each) for each in _NETWORKS[version]]
            turn, host = divmod(len(self._names), 254)
            self._names[version, name] = str(networks[turn % len(networks)][host + 1])
        return self._names[version, name]


class Course:
    """One connection being written: keeps sequence numbers, time, and what the next packet has to say.

    Made by `Writer.begin`.
    """

    def __init__(self, writer: Writer, connection: Connection, number: int, client: Endpoint, server: Endpoint) -> None:
        self._writer = writer
        self._connection = connection
        self._number = number
        self._ends = (client, server)
        self._way = _packets.route(client, server)
        self._next = writer.sequence_numbers()
        self._spoken = self._opened = False
        self._unacknowledged = 0
        self._timed = connection.origin.time_basis is not TimeBasis.NONE
        self._time_ns = max(connection.time_ns or 0, 0)
        self._comments: list[str] = []
        self._begun = False

    def feed(self, event: Event) -> None:
        """Write the next event; a note, a mark of TLS or a gap of unknown size is written with the next packet."""
        if isinstance(event, Octets | Gap | Open | Close) and not self._begun:
            self._begin(event)
        if isinstance(event, Octets):
            self._octets(event)
        elif isinstance(event, Gap):
            self._gap(event)
        elif isinstance(event, Close):
            self._close(event)
        elif not isinstance(event, Open):
            self._say(event)
            if isinstance(event, Secured):
                self._opened = event.opened and self._spoken

    def remark(self, text: str) -> None:
        """Say something to people in a comment of the next packet; it is no mark, and readers of ours pass over it."""
        self._comments.append(text)

    def finish(self) -> None:
        """Write what is left to say."""
        if not self._begun:
            self._begin(None)
        if self._comments:
            self._send(Side.CLIENT, ACK, None)

    def _begin(self, first: Event | None) -> None:
        self._begun = True
        joined = isinstance(first, Gap) and first.reason is GapReason.BEFORE_CAPTURE
        supplied = not joined and not isinstance(first, Open)
        self._comments.insert(0, _marks.written(self._number, self._facts(supplied)))
        if not joined:
            how = first.how if isinstance(first, Open) else Opening.SYN_SEEN
            known = first.time_ns if isinstance(first, Open) else None
            self._shake(how, self._connection.time_ns if known is None else known)

    def _start_again(self, time_ns: int | None) -> None:
        """Go on in a second TCP stream on the same ports: dissectors give what follows STARTTLS in one to TLS."""
        self._comments.insert(0, _marks.written(self._number, {"continues": True}))
        self._next = self._writer.sequence_numbers()
        self._shake(Opening.SYN_SEEN, time_ns)

    def _shake(self, how: Opening, time_ns: int | None) -> None:
        self._send(Side.CLIENT, SYN, time_ns)
        if how is Opening.REFUSED:
            self._send(Side.SERVER, RST | ACK, time_ns)
        elif how is Opening.SYN_SEEN:
            self._send(Side.SERVER, SYN | ACK, time_ns)
            self._send(Side.CLIENT, ACK, time_ns)

    def _facts(self, handshake_supplied: bool) -> dict[str, Any]:
        """What is known of the connection and not to be seen in its packets."""
        it = self._connection
        facts: dict[str, Any] = {"format": it.origin.format}
        if (it.client, it.server) != self._ends:
            facts |= {"client": str(it.client), "server": str(it.server)}
        if handshake_supplied:
            facts["handshake"] = "supplied"
        if it.origin.time_basis is not TimeBasis.UTC:
            facts["times"] = it.origin.time_basis
        if it.label is not None:
            facts["label"] = it.label
        if it.facts:
            facts["facts"] = it.facts
        return facts

    def _octets(self, event: Octets) -> None:
        if self._opened and event.side is Side.CLIENT and verb_of(event.data) in _GREETINGS:
            self._start_again(event.time_ns)
        self._opened = False
        for start, stop, time_ns in _pieces(event):
            if event.exactness is not Exactness.SEEN:
                self._say(event.exactness)
            self._send(event.side, PSH | ACK, time_ns, event.data[start:stop])
            if self._unacknowledged >= _UNACKNOWLEDGED:
                self._send(event.side.other, ACK, time_ns)

    def _gap(self, gap: Gap) -> None:
        """Packets as long as what is missing, with nothing in them: readers see at once what they may not wait for."""
        self._say(gap)
        size = gap.size or 0
        if size <= _LONGEST_GAP:
            for start in range(0, size, _LONGEST_PACKET):
                self._send(gap.side, PSH | ACK, gap.time_ns, absent=min(size - start, _LONGEST_PACKET))

    def _close(self, close: Close) -> None:
        if close.how is Closing.FIN:
            self._send(close.side, FIN | ACK, close.time_ns)
            self._send(close.side.other, ACK, close.time_ns)
        elif close.how is Closing.RST:
            self._send(close.side, RST | ACK, close.time_ns)

    def _say(self, said: _marks.Marked) -> None:
        self._comments.append(_marks.written(self._number, said))

    def _send(self, side: Side, flags: int, time_ns: int | None, payload: bytes = b"", absent: int = 0) -> None:
        if time_ns is None and self._timed:
            self._comments.append("The time of this packet is not known; it was set just after the one before.")
        self._time_ns = self._time_ns + _TICK_NS if time_ns is None else max(time_ns, 0)
        ack = self._next[side.other] if flags & ACK else 0
        header = _packets.Header(self._next[side] % 2**32, ack % 2**32, flags)
        octets = _packets.packet(self._way, side, header, payload, absent)
        self._writer.put(self._time_ns, octets, len(octets) + absent, self._comments)
        self._comments = []
        size = len(payload) + absent
        self._spoken |= size > 0
        self._next[side] += size + bool(flags & (SYN | FIN))
        self._unacknowledged = self._unacknowledged + size if size else 0


def _pieces(event: Octets) -> Iterator[tuple[int, int, int | None]]:
    """Where each packet of an event starts and stops, and its time; one that is full ends with a line if it can."""
    starts = [(0, event.time_ns), *((offset, time_ns) for offset, time_ns, _ in event.places)]
    stops = [*(start for start, _ in starts[1:]), len(event.data)]
    for (start, time_ns), last in zip(starts, stops, strict=True):
        first = start
        while first < last:
            full = first + SEGMENT
            stop = last if last <= full else event.data.rfind(b"\n", first, full) + 1 or full
            yield first, stop, time_ns
            first = stop


def _version(host: str) -> int | None:
    """The IP version of a numeric address, None for a name."""
    try:
        return ipaddress.ip_address(host).version
    except ValueError:
        return None
