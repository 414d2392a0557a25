"""Capture files, pcap and pcapng, read by ourselves: the default engine.

TCP over IP over a plain link, nearly all there is, takes a fast path in one loop; everything else goes through
`_unwrap`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO

from smtptrace.errors import UnreadableError
from smtptrace.sources import _pcap, _pcapng
from smtptrace.sources._feed import fill, reader
from smtptrace.sources._layers import LAYERS, LINK, UDP_PORT, VLAN_TAGS
from smtptrace.sources._unwrap import Unwrap

if TYPE_CHECKING:
    from smtptrace.segment import Segment
    from smtptrace.sources import SourceReport

# Where the EtherType and the IP packet begin in a frame of a link type; -1 where there is no EtherType
_PLACES = {1: (12, 14), 113: (14, 16), 276: (0, 20), 0: (-1, 4), 108: (-1, 4), 101: (-1, 0), 12: (-1, 0), 14: (-1, 0)}
_NOWHERE = (-1, 1 << 32)
_NO_LINK = -1
_TAGS = frozenset(tag.to_bytes(2, "big") for tag in VLAN_TAGS)
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_VERSIONS = {4: _IPV4, 6: _IPV6}
_TCP, _UDP = 6, 17
_TUNNEL_PORTS = frozenset((key - UDP_PORT).to_bytes(2, "big") for key in LAYERS if key >> 16 == UDP_PORT >> 16)

# IP and TCP headers at one go; without options addresses and ports lie beside each other, and are the flow's key
_ipv4_tcp = Struct(">BxHxxHxB2x12sIIBB").unpack_from
_ipv6_tcp = Struct(">B3xHBx36sIIBB").unpack_from


def claims(head: bytes) -> bool:
    """Whether the first octets are those of a pcap or pcapng file."""
    return _pcap.claims(head) or _pcapng.claims(head)


def segments(stream: BinaryIO, report: SourceReport) -> Iterator[Segment]:
    """One tuple for each TCP packet, in file order; damage ends the iteration and is told in `report.damage`."""
    return dissect(packets(stream, report), report)


def dissect(  # noqa: PLR0912 - one loop, for speed
    captured: Iterable[_pcap.Packet], report: SourceReport
) -> Iterator[Segment]:
    """One tuple for each TCP packet among those captured, in their order; a packet of the link `PAUSE` is a pause."""
    unwrap = Unwrap(report)
    datagrams, known, kind_at, ip_at = 0, _NO_LINK, *_NOWHERE
    try:
        for frame, time_ns, link, buffer, start, stop, wire in captured:
            if link != known:
                known, (kind_at, ip_at) = link, _PLACES.get(link, _NOWHERE)
            ip = start + ip_at
            if stop - ip >= 40:
                kind = _VERSIONS.get(buffer[ip] >> 4) if kind_at < 0 else buffer[start + kind_at : start + kind_at + 2]
                while kind in _TAGS:
                    ip += 4
                    kind = buffer[ip - 2 : ip]
                if kind == _IPV4 and stop - ip >= 40:
                    first, length, fragment, protocol, key, seq, ack, offset, flags = _ipv4_tcp(buffer, ip)
                    if first == 0x45 and not fragment & 0x3FFF:
                        if protocol == _TCP:
                            payload, end = ip + 20 + (offset >> 4 << 2), ip + length
                            if ip + 40 <= payload <= end <= stop:
                                yield key, frame, time_ns, seq, ack, flags, buffer[payload:end], 0
                                continue
                        elif protocol == _UDP and key[8:10] not in _TUNNEL_PORTS and key[10:] not in _TUNNEL_PORTS:
                            datagrams += 1
                            continue
                elif kind == _IPV6 and stop - ip >= 60:
                    first, length, protocol, key, seq, ack, offset, flags = _ipv6_tcp(buffer, ip)
                    payload, end = ip + 40 + (offset >> 4 << 2), ip + 40 + length
                    if first >> 4 == 6 and protocol == _TCP and ip + 60 <= payload <= end <= stop:
                        yield key, frame, time_ns, seq, ack, flags, buffer[payload:end], 0
                        continue
            segment = unwrap(LINK + link, buffer[start:stop], wire, frame, time_ns)
            if segment is not None:
                yield segment
    finally:
        unwrap.finish()
        report.skipped["not TCP"] += datagrams
        report.skipped += Counter()  # without the reasons that never came up


def packets(stream: BinaryIO, report: SourceReport) -> Iterator[_pcap.Packet]:
    """The packets of a capture file with their link types; damage as in `segments`."""
    try:
        read = reader(stream)
        head = fill(read, b"", 0, 4)
        for name, container in (("pcap", _pcap), ("pcapng", _pcapng)):
            if container.claims(head):
                report.format = name
                found = container.packets(read, head, report)
                for packet in found:
                    report.first_ns = packet[1] or None
                    yield packet
                    break
                yield from found
                return
        report.damage = "this is no capture file" if head else "the file is empty"
    except UnreadableError as error:
        report.damage = str(error).removeprefix(f"{report.path}: ")
