"""Conversations through real TLS in memory, as segments with the keys to open them."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from smtptrace.opening import opened
from smtptrace.segment import Segment
from smtptrace.tcp import Limits, follow
from smtptrace.tls import KeyLog
from smtptrace.wire import Connection, Event, Gap, Irregularity, Octets, Origin, Secured, Side
from support.handshakes import certificate

C, S = Side.CLIENT, Side.SERVER
Said = list[tuple[Side, bytes]]

SAID: Said = [
    (S, b"220 mx.test ESMTP\r\n"),
    (C, b"EHLO app01\r\n"),
    (S, b"250-mx.test\r\n250 AUTH LOGIN\r\n"),
    (C, b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"),
    (S, b"250 ok\r\n250 ok\r\n354 go\r\n"),
    (C, b"GET / HTTP/1.1\r\n\r\n" + b"0123456789abcdef\r\n" * 3000 + b"[7 bytes missing in capture file]\r\n.\r\n"),
    (S, b"250 queued\r\n"),
]
NO_ENCRYPT_THEN_MAC = 1 << 19


class Conversation:
    """Segments of two sides that speak; TLS through memory, without a network."""

    def __init__(self, *, port: int = 40001, first: int = 1, seq: tuple[int, int] = (1000, 5000)) -> None:
        client, server = bytes([10, 0, 0, 5]), bytes([10, 0, 0, 25])
        ports = (50013).to_bytes(2), port.to_bytes(2)
        self.keys = client + server + ports[0] + ports[1], server + client + ports[1] + ports[0]
        self.segments: list[Segment] = []
        self.key_log = b""
        self._seq = list(seq)
        self._frame = first
        self._ends: list[tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]] = []

    def open(self) -> Conversation:
        """SYN of both."""
        for side, flags in ((C, 2), (S, 18)):
            self._send(side, b"", flags, self._seq[side] - 1)
        return self

    def say(self, side: Side, octets: bytes, size: int = 1400) -> Conversation:
        """Octets of one side in as many segments as they need."""
        for at in range(0, len(octets), size):
            piece = octets[at : at + size]
            self._send(side, piece, 16, self._seq[side])
            self._seq[side] += len(piece)
        return self

    def _send(self, side: Side, octets: bytes, flags: int, seq: int) -> None:
        ack = self._seq[side.other] & 0xFFFFFFFF
        time_ns = self._frame * 1_000_000
        self.segments.append((self.keys[side], self._frame, time_ns, seq & 0xFFFFFFFF, ack, flags, octets, 0))
        self._frame += 1

    def shake(
        self, version: ssl.TLSVersion, ciphers: str | None = None, options: int = 0, curve: str | None = None
    ) -> Conversation:
        """A handshake; the server asks for another hello where it wants another curve."""
        with tempfile.TemporaryDirectory() as folder:
            key_log = Path(folder, "keys")
            contexts = _contexts(folder, version, ciphers, options)
            contexts[0].keylog_filename = str(key_log)
            if curve:
                contexts[1].set_ecdh_curve(curve)
            for side in Side:
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                end = contexts[side].wrap_bio(incoming, outgoing, server_side=side is S)
                self._ends.append((end, incoming, outgoing))
            done: set[Side] = set()
            while len(done) < 2:
                for side in Side:
                    try:
                        self._ends[side][0].do_handshake()
                        done.add(side)
                    except ssl.SSLWantReadError:
                        pass
                    self._deliver(side)
            self.key_log = key_log.read_bytes()
        return self

    def _deliver(self, side: Side) -> None:
        octets = self._ends[side][2].read()
        self.say(side, octets)
        self._ends[side.other][1].write(octets)

    def tell(self, said: Said = SAID) -> Conversation:
        """What is said through TLS."""
        for side, octets in said:
            self._ends[side][0].write(octets)
            self._deliver(side)
        return self


def _contexts(folder: str, version: ssl.TLSVersion, ciphers: str | None, options: int) -> list[ssl.SSLContext]:
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    both = Path(folder, "both.pem")
    both.write_bytes(b"".join(certificate(names=True)))
    server.set_ciphers("ALL:eNULL:@SECLEVEL=0")
    server.load_cert_chain(both)
    for context in (client, server):
        context.options |= options
        context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
    return [client, server]


class Opened:
    """What came of the segments of one connection, opened with keys."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[Event] = []

    def said(self, side: Side) -> bytes:
        """The octets of one side."""
        return b"".join(event.data for event in self.events if isinstance(event, Octets) and event.side is side)

    def turns(self) -> Said:
        """What each side said in turn."""
        turns: Said = []
        for event in self.events:
            if isinstance(event, Octets):
                before = turns.pop()[1] if turns and turns[-1][0] is event.side else b""
                turns.append((event.side, before + event.data))
        return turns

    @property
    def secured(self) -> Secured:
        """Where TLS begins."""
        (found,) = [event for event in self.events if isinstance(event, Secured)]
        return found

    @property
    def gaps(self) -> list[Gap]:
        """What is missing."""
        return [event for event in self.events if isinstance(event, Gap)]

    @property
    def oddities(self) -> list[str]:
        """Kinds of irregularities."""
        return [event.kind for event in self.events if isinstance(event, Irregularity)]


def open_all(segments: list[Segment], *key_logs: bytes, ordered: bool = True) -> list[Opened]:
    """Every connection that is told of these segments with these keys, in the order of their ends."""
    keys = KeyLog(lambda: key_logs)
    batches = follow(segments, Origin("-", "pcap"), Limits(ordered=ordered, sealed=lambda: bool(keys)))
    found: dict[int, Opened] = {}
    done = []
    for connection, events, ended in opened(batches, keys):
        course = found.setdefault(id(connection), Opened(connection))
        course.events += events
        if ended:
            done.append(found.pop(id(connection)))
    assert not found
    return done
