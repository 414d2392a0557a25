"""Frames, pcap and pcapng files put together by hand, and what capfile makes of them."""

from __future__ import annotations

import struct
from io import BytesIO
from ipaddress import ip_address

from smtptrace.segment import Segment
from smtptrace.sources import SourceReport, capfile

TCP, UDP, IPV4, IPV6 = 6, 17, 0x0800, 0x86DD
CLIENT, SERVER = "10.0.0.5", "10.0.0.25"
CLIENT_6, SERVER_6 = "2001:db8::5", "2001:db8::25"


def packed(*hosts: str) -> bytes:
    """Addresses in network order, one after another."""
    return b"".join(ip_address(host).packed for host in hosts)


def tcp(payload: bytes = b"", seq: int = 1, ack: int = 2, flags: int = 16, options: bytes = b"") -> bytes:
    """A TCP segment from port 50011 to port 25, with a checksum that is wrong."""
    offset = 5 + len(options) // 4 << 4
    return struct.pack(">HHIIBBHHH", 50011, 25, seq, ack, offset, flags, 8192, 0xBAD, 0) + options + payload


def udp(body: bytes, port: int, source: int = 40000) -> bytes:
    """A UDP datagram."""
    return struct.pack(">HHHH", source, port, 8 + len(body), 0) + body


def ipv4(
    body: bytes,
    protocol: int = TCP,
    hosts: tuple[str, str] = (CLIENT, SERVER),
    options: bytes = b"",
    length: int | None = None,
    fragment: int = 0,
    identification: int = 7,
) -> bytes:
    """An IPv4 packet; `fragment` is the field of flags and offset as it stands in the header."""
    header = 20 + len(options)
    total = header + len(body) if length is None else length
    first = 0x40 | header // 4
    fields = struct.pack(">BBHHHBBH", first, 0, total, identification, fragment, 64, protocol, 0xBAD)
    return fields + packed(*hosts) + options + body


def ipv6(
    body: bytes, protocol: int = TCP, hosts: tuple[str, str] = (CLIENT_6, SERVER_6), length: int | None = None
) -> bytes:
    """An IPv6 packet."""
    return struct.pack(">IHBB", 6 << 28, len(body) if length is None else length, protocol, 64) + packed(*hosts) + body


def raw(payload: bytes) -> bytes:
    """A raw IPv4 packet with a TCP payload."""
    return ipv4(tcp(payload))


def ethernet(body: bytes, kind: int = IPV4, tags: tuple[int, ...] = ()) -> bytes:
    """An Ethernet frame, with VLAN tags of the given EtherTypes."""
    return b"\2" * 12 + b"".join(struct.pack(">HH", tag, 5) for tag in tags) + struct.pack(">H", kind) + body


def pcap(
    *frames: bytes,
    link: int = 1,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    cut: int | None = None,
    snaplen: int = 65535,
) -> bytes:
    """A pcap file; packet n has second n and fraction n, and `cut` octets at most are kept of each."""
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    more = bytes(8) if magic == 0xA1B2CD34 else b""
    return head + b"".join(
        struct.pack(order + "IIII", number, number, len(frame[:cut]), len(frame)) + more + frame[:cut]
        for number, frame in enumerate(frames, 1)
    )


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """An option of a pcapng block."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<", options: bytes = b"") -> bytes:
    """A section header block."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)


def interface(link: int = 1, options: bytes = b"", snaplen: int = 0, order: str = "<") -> bytes:
    """An interface description block."""
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(frame: bytes, number: int = 0, count: int = 0, options: bytes = b"", order: str = "<") -> bytes:
    """An enhanced packet block whose time is `count` units of its interface."""
    head = struct.pack(order + "IIIII", number, count >> 32, count & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame + bytes(-len(frame) % 4) + options, order)


def read(octets: bytes) -> tuple[list[Segment], SourceReport]:
    """The segments of a capture file, and the report."""
    report = SourceReport()
    return list(capfile.segments(BytesIO(octets), report)), report


def payloads(octets: bytes) -> list[bytes]:
    """The payloads of a capture file's segments."""
    return [segment[6] for segment in read(octets)[0]]


class Dribble:
    """A stream that gives its octets in given sizes, over and over, as a slow pipe does."""

    def __init__(self, octets: bytes, sizes: list[int]) -> None:
        self._stream = BytesIO(octets)
        self._sizes = sizes
        self._turn = 0

    def read1(self, size: int) -> bytes:
        """The next few octets."""
        self._turn += 1
        return self._stream.read(min(size, self._sizes[self._turn % len(self._sizes)]))
