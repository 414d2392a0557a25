"""Links of firewalls, of macOS and of lines with a header of their own; layers as `_layers` describes them."""

from __future__ import annotations

from struct import Struct

from smtptrace.sources._layers import IPV4, IPV6, LINK, Skip, Step, after_ethertype, layer, raw_ip

_u16 = Struct(">H").unpack_from
_u16_little = Struct("<H").unpack_from
_u32_little = Struct("<I").unpack_from

_NFLOG_PAYLOAD = 9
_MOST_FIELDS = 64


@layer(LINK + 109)
def _encapsulating(packet: bytes, at: int, end: int) -> Step:
    """OpenBSD's enc: address family, SPI and flags of an IPsec packet that was opened."""
    return raw_ip(packet, at + 12, end)


@layer(LINK + 117)
def _packet_filter_log(packet: bytes, at: int, end: int) -> Step:
    """The log of pf: a header that tells its length without its padding."""
    return raw_ip(packet, at + (packet[at] + 3 & ~3), end)


@layer(LINK + 226)
def _ipnet(packet: bytes, at: int, end: int) -> Step:
    """Solaris's ipnet: 24 octets before the IP packet."""
    return raw_ip(packet, at + 24, end)


@layer(LINK + 239)
def _netfilter_log(packet: bytes, at: int, end: int) -> Step:
    """Linux's NFLOG: fields of length, type and value, in the byte order of the machine that captured."""
    number = _u16 if packet[at + 7] & 0x7F else _u16_little  # no type is larger than an octet
    at += 4
    for _ in range(_MOST_FIELDS):
        (size,), (kind,) = number(packet, at), number(packet, at + 2)
        if kind & 0x7FFF == _NFLOG_PAYLOAD:
            return raw_ip(packet, at + 4, min(end, at + size) if size > 4 else end)
        if size < 4:
            break
        at += size + 3 & ~3
    raise Skip("not IP")


@layer(LINK + 149, LINK + 258)
def _packet_tap(packet: bytes, at: int, end: int) -> Step:
    """Apple's pktap: a header that tells its length and the link type behind it."""
    (size,), (link,) = _u32_little(packet, at), _u32_little(packet, at + 8)
    if size < 12 or link in (149, 258) or link > 0xFFFF:
        raise Skip("not IP")
    return LINK + link, at + size, end


@layer(LINK + 107)
def _frame_relay(packet: bytes, at: int, end: int) -> Step:
    """Frame relay: RFC 2427 behind an address of Q.922, or Cisco's EtherType."""
    while not packet[at] & 1:
        at += 1
    at += 1
    if packet[at] != 0x03:
        return after_ethertype(packet, at, end)
    at += 1 if packet[at + 1] else 2
    if packet[at] == 0x80:
        return after_ethertype(packet, at + 4, end)
    key = {0xCC: IPV4, 0x8E: IPV6}.get(packet[at])
    if key is None:
        raise Skip("not IP")
    return key, at + 1, end
