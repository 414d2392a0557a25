"""Links and tunnels: what lies at the beginning of a packet, and what comes after it.

A layer is a function `(packet, at, end) -> (key, at, end)` that reads the header at `at` and tells which layer comes
next and where it begins and ends; where nothing more can be read it raises `Skip`. `end` is where the data ended on the
wire, which may lie beyond the packet as captured. A header that is cut off raises IndexError or struct.error, which the
caller takes for a reason as well.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

Step = tuple[int, int, int]
Layer = Callable[[bytes, int, int], Step]

# A layer's key is its number in the space it is numbered in.
ETHERTYPE, IP_PROTOCOL, UDP_PORT, LINK = 0x00000, 0x10000, 0x20000, 0x30000
IPV4, IPV6 = ETHERTYPE + 0x0800, ETHERTYPE + 0x86DD
TCP, UDP = IP_PROTOCOL + 6, IP_PROTOCOL + 17

PAUSE = -2
"""The link type of what is no packet but tells that none came for a moment; only live sources have it."""

VLAN_TAGS = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})

LAYERS: dict[int, Layer] = {}

_u16 = Struct(">H").unpack_from
_u32 = Struct(">I").unpack_from


def layer(*keys: int) -> Callable[[Layer], Layer]:
    """Enter a layer under its keys."""

    def enter(function: Layer) -> Layer:
        LAYERS.update(dict.fromkeys(keys, function))
        return function

    return enter


class Skip(Exception):  # noqa: N818 - not an error
    """There is no TCP in a packet, or none that can be read; the text is the reason, one phrase."""


def unknown(key: int) -> Skip:
    """Why a packet that goes on with an unknown layer is skipped."""
    if key >= LINK:
        return Skip(f"unknown link type {key - LINK}")
    return Skip("not IP" if key < IP_PROTOCOL else "not TCP")


def after_ethertype(packet: bytes, at: int, end: int) -> Step:
    """What follows the EtherType, or the length of IEEE 802.3, at `at`."""
    (kind,) = _u16(packet, at)
    return (kind, at + 2, end) if kind >= 0x600 else _llc(packet, at + 2, end)


def _llc(packet: bytes, at: int, end: int) -> Step:
    """IEEE 802.2 LLC, with SNAP (RFC 1042)."""
    service = packet[at] if packet[at] == packet[at + 1] else None
    if service == 0xAA:
        return after_ethertype(packet, at + 6, end)
    if service == 0x06:
        return IPV4, at + 3, end
    raise Skip("not IP")


@layer(LINK + 1)
def ethernet(packet: bytes, at: int, end: int) -> Step:
    """Ethernet."""
    return after_ethertype(packet, at + 12, end)


@layer(*VLAN_TAGS)
def _vlan(packet: bytes, at: int, end: int) -> Step:
    """A VLAN tag (IEEE 802.1Q, 802.1ad)."""
    return after_ethertype(packet, at + 2, end)


@layer(LINK + 12, LINK + 14, LINK + 101, LINK + 228, LINK + 229)
def raw_ip(packet: bytes, at: int, end: int) -> Step:
    """IP without anything before it."""
    key = {4: IPV4, 6: IPV6}.get(packet[at] >> 4)
    if key is None:
        raise Skip("not IP")
    return key, at, end


@layer(LINK + 0, LINK + 108)
def _loopback(packet: bytes, at: int, end: int) -> Step:
    """BSD loopback: an address family in the byte order of the machine that captured."""
    family = _u32(packet, at)[0]
    family = family if family < 0x10000 else int.from_bytes(packet[at : at + 4], "little")
    if family not in {2, 10, 24, 28, 30}:
        raise Skip("not IP")
    return raw_ip(packet, at + 4, end)


@layer(LINK + 113)
def _cooked(packet: bytes, at: int, end: int) -> Step:
    """Linux cooked capture, version 1."""
    return _cooked_protocol(_u16(packet, at + 14)[0], packet, at + 16, end)


@layer(LINK + 276)
def _cooked_2(packet: bytes, at: int, end: int) -> Step:
    """Linux cooked capture, version 2."""
    return _cooked_protocol(_u16(packet, at)[0], packet, at + 20, end)


def _cooked_protocol(protocol: int, packet: bytes, at: int, end: int) -> Step:
    if protocol >= 0x600:
        return protocol, at, end
    if protocol == 4:
        return _llc(packet, at, end)
    raise Skip("not IP")
