"""From a packet of any known link to the TCP segment in it: the careful path, for what the fast one passes on."""

from __future__ import annotations

import struct
from struct import Struct
from typing import TYPE_CHECKING

from smtptrace.segment import Segment, pause
from smtptrace.sources import _links, _tunnels  # noqa: F401 - they enter their layers
from smtptrace.sources._fragments import Fragments
from smtptrace.sources._layers import IP_PROTOCOL, IPV4, IPV6, LAYERS, LINK, PAUSE, TCP, Skip, unknown

if TYPE_CHECKING:
    from smtptrace.sources import SourceReport

MOST_IP_HEADERS = 9
"""A packet may lie in eight tunnels."""

_MOST_LAYERS = 64

_Found = tuple[bytes, int, int, int, bytes, int]
"""A segment without frame and time."""

_Carried = tuple[int, int, int, bytes, "_Fragment | None"]
"""(key, at, end, addresses, fragment) of what an IP packet carries."""

_Fragment = tuple[int, int, bool]
"""(identification, offset, whether more follow)."""

_EXTENSION_HEADERS = frozenset({0, 43, 60, 135, 139, 140})
_FRAGMENT_HEADER = 44

_u16 = Struct(">H").unpack_from
_ipv4 = Struct(">BxHHHxB2x8s").unpack_from
_ipv6 = Struct(">4xHBx32s").unpack_from
_fragment_header = Struct(">BxHI").unpack_from
_tcp = Struct(">4sIIBB").unpack_from


class Unwrap:
    """Finds the TCP segment of a packet; counts in `report.skipped` why there is none."""

    def __init__(self, report: SourceReport) -> None:
        self._report = report
        self._fragments = Fragments(report.skipped)

    def __call__(self, key: int, packet: bytes, wire: int, frame: int, time_ns: int) -> Segment | None:
        """The segment in a packet that begins with the layer `key` and was `wire` octets long on the wire.

        None where there is none, or where its other fragments are still to come.
        """
        if key == LINK + PAUSE:
            return pause(frame, time_ns)
        if not packet:  # a file of zeros is full of them
            self._report.skipped["empty"] += 1
            return None
        cut = max(wire - len(packet), 0)
        try:
            if key >= LINK and key not in LAYERS:
                key, packet = self._through_scapy(key - LINK, packet)
            found = self._descend(key, packet, len(packet) + cut, time_ns)
        except Skip as skip:
            self._report.skipped[str(skip)] += 1
            return None
        except (IndexError, struct.error):
            self._report.skipped["header cut off"] += 1
            return None
        return found and (found[0], frame, time_ns, *found[1:])

    def finish(self) -> None:
        """Count the fragments that waited in vain."""
        self._fragments.finish()

    def _descend(self, key: int, packet: bytes, end: int, time_ns: int) -> _Found | None:
        at, addresses, headers = 0, b"", 0
        for _ in range(_MOST_LAYERS):
            if key == TCP:
                return _read_tcp(packet, at, end, addresses)
            if key not in (IPV4, IPV6):
                layer = LAYERS.get(key)
                if layer is None:
                    raise unknown(key)
                key, at, end = layer(packet, at, end)
                continue
            headers += 1
            if headers > MOST_IP_HEADERS:
                break
            read_ip = _read_ipv4 if key == IPV4 else _read_ipv6
            key, at, end, addresses, fragment = read_ip(packet, at, end)
            if fragment:
                if end > len(packet):
                    raise Skip("fragment cut off")
                identity, offset, more = fragment
                whole = self._fragments.add((addresses, key, identity), offset, more, packet[at:end], time_ns)
                if whole is None:
                    return None
                packet, at, end = whole, 0, len(whole)
        raise Skip("tunnel too deep")

    def _through_scapy(self, link: int, frame: bytes) -> tuple[int, bytes]:
        """The IP packet in a frame of a link that `_layers` does not know."""
        from smtptrace.sources import _scapy_links

        if not _scapy_links.knows(link):
            raise unknown(LINK + link)
        notice = f"link type {link} is read through scapy, which takes longer"
        if notice not in self._report.notices:
            self._report.notices.append(notice)
        return _scapy_links.ip_within(link, frame)


def _read_ipv4(packet: bytes, at: int, end: int) -> _Carried:
    """What an IPv4 packet carries (RFC 791); its length is 0 after segmentation offload."""
    first, total, identification, fragment, protocol, addresses = _ipv4(packet, at)
    header = (first & 15) << 2
    if first >> 4 != 4 or header < 20 or 0 < total < header:
        raise Skip("bad IP header")
    end = min(end, at + total) if total else end
    rest = (identification, (fragment & 0x1FFF) << 3, bool(fragment & 0x2000)) if fragment & 0x3FFF else None
    return IP_PROTOCOL + protocol, at + header, end, addresses, rest


def _read_ipv6(packet: bytes, at: int, end: int) -> _Carried:
    """What an IPv6 packet carries behind its extension headers (RFC 8200).

    Its length is 0 after segmentation offload, and in a jumbogram.
    """
    if packet[at] >> 4 != 6:
        raise Skip("bad IP header")
    length, protocol, addresses = _ipv6(packet, at)
    at += 40
    end = min(end, at + length) if length else end
    for _ in range(_MOST_LAYERS):
        if protocol == _FRAGMENT_HEADER:
            protocol, fragment, identification = _fragment_header(packet, at)
            at += 8
            if fragment & 0xFFF9:  # RFC 6946: a fragment that is the whole packet is none
                rest = (identification, fragment & 0xFFF8, bool(fragment & 1))
                return IP_PROTOCOL + protocol, at, end, addresses, rest
        elif protocol in _EXTENSION_HEADERS:
            protocol, at = packet[at], at + (packet[at + 1] + 1 << 3)
        else:
            return IP_PROTOCOL + protocol, at, end, addresses, None
    raise Skip("too many extension headers")


def _read_tcp(packet: bytes, at: int, end: int, addresses: bytes) -> _Found:
    """What a segment needs of a TCP header (RFC 9293) and the octets behind it."""
    ports, seq, ack, offset, flags = _tcp(packet, at)
    start = at + (offset >> 4 << 2)
    if not at + 20 <= start <= end:
        raise Skip("bad TCP header")
    cut = end - max(start, min(end, len(packet)))
    return addresses + ports, seq, ack, flags, packet[start:end], cut
