"""Valid Ethernet, IP and TCP headers around octets (RFC 791, RFC 8200, RFC 9293)."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from smtptrace.wire import Endpoint, Side

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SEGMENT = 1440
"""Payload octets in one packet: what fits into an Ethernet frame with IPv6."""

_MACS = (b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02")
"""Locally administered addresses of client and server."""

_MSS = struct.pack(">BBH", 2, 4, SEGMENT)
_WINDOW = 0xFFFF
_HOPS = 64


class Route(NamedTuple):
    """Packed addresses and ports of client and server, both of one IP version."""

    hosts: tuple[bytes, bytes]
    ports: tuple[int, int]


class Header(NamedTuple):
    """What a packet's TCP header says besides the ports."""

    seq: int
    ack: int
    flags: int


def route(client: Endpoint, server: Endpoint) -> Route:
    """The route between two endpoints whose hosts are numeric and of one IP version."""
    hosts = (ipaddress.ip_address(client.host).packed, ipaddress.ip_address(server.host).packed)
    return Route(hosts, (client.port, server.port))


def packet(way: Route, side: Side, header: Header, payload: bytes = b"", absent: int = 0) -> bytes:
    """One packet from `side` with right checksums; `absent` octets of the payload's end are counted but not there.

    The checksum of a packet with absent octets takes them as zeros: nobody can tell it.
    """
    segment = _segment(way, side, header, payload, absent)
    length = len(segment) + absent
    sender, receiver = way.hosts[side], way.hosts[side.other]
    if len(sender) == 4:
        kind, network = b"\x08\x00", _ipv4(sender, receiver, length)
    else:
        kind, network = b"\x86\xdd", struct.pack(">IHBB", 6 << 28, length, 6, _HOPS) + sender + receiver
    return _MACS[side.other] + _MACS[side] + kind + network + segment


def _segment(way: Route, side: Side, header: Header, payload: bytes, absent: int) -> bytes:
    options = _MSS if header.flags & SYN else b""
    ports = struct.pack(">HH", way.ports[side], way.ports[side.other])
    words = (20 + len(options)) // 4
    start = ports + struct.pack(">IIBBH", header.seq, header.ack, words << 4, header.flags, _WINDOW)
    rest = b"\0\0" + options + payload
    length = len(start) + 2 + len(rest) + absent
    pseudo = way.hosts[side] + way.hosts[side.other] + struct.pack(">II", length, 6)
    return start + struct.pack(">H", _checksum(pseudo + start + b"\0\0" + rest)) + rest


def _ipv4(sender: bytes, receiver: bytes, length: int) -> bytes:
    start = struct.pack(">BBHHHBB", 0x45, 0, 20 + length, 0, 0x4000, _HOPS, 6)
    hosts = sender + receiver
    return start + struct.pack(">H", _checksum(start + b"\0\0" + hosts)) + hosts


def _checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071): ones' complement of the ones' complement sum, which is the value mod 0xFFFF."""
    if len(octets) % 2:
        octets += b"\0"
    rest = int.from_bytes(octets, "big") % 0xFFFF
    return 0xFFFF - rest if rest else 0
