"""From a packet of any known link to the TCP segment in it: the careful path, for what the fast one passes on."""

from __future__ import annotations

import struct
from collections import Counter
from struct import Struct

from smtptrace.segment import Segment
from smtptrace.sources._layers import IP_PROTOCOL, IPV4, IPV6, LAYERS, LINK, TCP, reason

MOST_IP_HEADERS = 9
"""A packet may lie in eight tunnels."""

_MOST_LAYERS = 64

_Found = tuple[bytes, int, int, int, bytes, int]
"""A segment without frame and time."""

_u16 = Struct(">H").unpack_from
_ipv4 = Struct(">BxHHHxB2x8s").unpack_from
_ipv6 = Struct(">4xHBx32s").unpack_from
_tcp = Struct(">4sIIBB").unpack_from


class Unwrap:
    """Finds the TCP segment of a packet; counts in `skipped` why there is none."""

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped = skipped

    def __call__(self, link: int, packet: bytes, wire: int, frame: int, time_ns: int) -> Segment | None:
        """The segment in a packet that was `wire` octets long on the wire, of a pcap link type."""
        try:
            found = self._descend(LINK + link, packet, max(wire, len(packet)))
        except (IndexError, struct.error):
            found = "header cut off"
        if isinstance(found, str):
            self._skipped[found] += 1
            return None
        return found[0], frame, time_ns, *found[1:]

    def _descend(self, key: int, packet: bytes, end: int) -> _Found | str:
        at, addresses, headers = 0, b"", 0
        for _ in range(_MOST_LAYERS):
            if key == TCP:
                return _read_tcp(packet, at, end, addresses)
            if key in (IPV4, IPV6):
                headers += 1
                if headers > MOST_IP_HEADERS:
                    break
                found = (_read_ipv4 if key == IPV4 else _read_ipv6)(packet, at, end)
                if isinstance(found, str):
                    return found
                key, at, end, addresses = found
                continue
            layer = LAYERS.get(key)
            step = layer(packet, at, end) if layer else reason(key)
            if isinstance(step, str):
                return step
            key, at, end = step
        return "tunnel too deep"


def _read_ipv4(packet: bytes, at: int, end: int) -> tuple[int, int, int, bytes] | str:
    """Key, place and addresses of what an IPv4 packet carries (RFC 791); length 0 is segmentation offload."""
    first, total, _identity, fragment, protocol, addresses = _ipv4(packet, at)
    header = (first & 15) << 2
    if first >> 4 != 4 or header < 20 or 0 < total < header:
        return "bad IP header"
    if fragment & 0x3FFF:
        return "fragment"
    return IP_PROTOCOL + protocol, at + header, min(end, at + total) if total else end, addresses


def _read_ipv6(packet: bytes, at: int, end: int) -> tuple[int, int, int, bytes] | str:
    """Key, place and addresses of what an IPv6 packet carries (RFC 8200); length 0 is offload or a jumbogram."""
    if packet[at] >> 4 != 6:
        return "bad IP header"
    length, protocol, addresses = _ipv6(packet, at)
    return IP_PROTOCOL + protocol, at + 40, min(end, at + 40 + length) if length else end, addresses


def _read_tcp(packet: bytes, at: int, end: int, addresses: bytes) -> _Found | str:
    """What a segment needs of a TCP header (RFC 9293) and the octets behind it."""
    ports, seq, ack, offset, flags = _tcp(packet, at)
    start = at + (offset >> 4 << 2)
    if not at + 20 <= start <= end:
        return "bad TCP header"
    cut = end - max(start, min(end, len(packet)))
    return addresses + ports, seq, ack, flags, packet[start:end], cut
