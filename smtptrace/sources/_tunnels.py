"""Tunnels and tags between a link and the IP packet that matters; layers as `_layers` describes them."""

from __future__ import annotations

from struct import Struct

from smtptrace.sources._layers import (
    ETHERTYPE,
    IP_PROTOCOL,
    IPV4,
    IPV6,
    LAYERS,
    LINK,
    UDP,
    UDP_PORT,
    VLAN_TAGS,
    Skip,
    Step,
    after_ethertype,
    ethernet,
    layer,
    raw_ip,
)

_u16 = Struct(">H").unpack_from

_TRANSPARENT_ETHERNET, _ETHERNET_OVER_IP, _PPP, _ERSPAN, _ERSPAN_3 = 0x6558, 0x6400, 0x880B, 0x88BE, 0x22EB
_NEXT_PROTOCOLS = {1: IPV4, 2: IPV6, 3: LINK + 1, 5: 0x8847}

layer(ETHERTYPE + _TRANSPARENT_ETHERNET, ETHERTYPE + _ETHERNET_OVER_IP, IP_PROTOCOL + 143)(ethernet)


@layer(0x8847, 0x8848, IP_PROTOCOL + 137, UDP_PORT + 6635)
def _mpls(packet: bytes, at: int, end: int) -> Step:
    """MPLS labels (RFC 3032), and Ethernet in them, with or without a control word (RFC 4448)."""
    while not packet[at + 2] & 1:
        at += 4
    at += 4
    if packet[at] >> 4 in (4, 6):
        return raw_ip(packet, at, end)
    control_word = not packet[at] >> 4 and _u16(packet, at + 16)[0] in (IPV4, IPV6, *VLAN_TAGS)
    return LINK + 1, at + 4 if control_word else at, end


@layer(0x88E7)
def _backbone(packet: bytes, at: int, end: int) -> Step:
    """A service tag of IEEE 802.1ah, which a whole frame follows."""
    return ethernet(packet, at + 4, end)


@layer(0x8926)
def _vn_tag(packet: bytes, at: int, end: int) -> Step:
    """Cisco's VN tag."""
    return after_ethertype(packet, at + 4, end)


@layer(0x893F, 0x8909)
def _six_octet_tag(packet: bytes, at: int, end: int) -> Step:
    """The E-tag of IEEE 802.1BR, and Cisco's metadata with one option."""
    return after_ethertype(packet, at + 6, end)


@layer(0x894F)
def _service_header(packet: bytes, at: int, end: int) -> Step:
    """The network service header (RFC 8300)."""
    key = _NEXT_PROTOCOLS.get(packet[at + 3])
    size = (packet[at + 1] & 0x3F) << 2
    if key is None or not size:
        raise Skip("not IP")
    return key, at + size, end


@layer(0x883E)
def _web_cache_redirect(packet: bytes, at: int, end: int) -> Step:
    """A packet redirected by WCCP in GRE, whose header the first version does not have."""
    return raw_ip(packet, at if packet[at] >> 4 == 4 else at + 4, end)


@layer(0x8864, LINK + 51)
def _pppoe(packet: bytes, at: int, end: int) -> Step:
    """A PPPoE session (RFC 2516)."""
    if packet[at + 1]:
        raise Skip("not IP")
    return _ppp(packet, at + 6, min(end, at + 6 + _u16(packet, at + 4)[0]))


@layer(ETHERTYPE + _PPP, LINK + 9, LINK + 50)
def _ppp(packet: bytes, at: int, end: int) -> Step:
    """PPP (RFC 1661), in HDLC-like framing (RFC 1662) or without, fields compressed or not."""
    if packet[at] in (0x0F, 0x8F) and packet[at + 1] == 0:
        return _cisco_hdlc(packet, at, end)
    if packet[at] == 0xFF and packet[at + 1] == 0x03:
        at += 2
    protocol, after = (packet[at], at + 1) if packet[at] & 1 else (_u16(packet, at)[0], at + 2)
    key = {0x21: IPV4, 0x57: IPV6, 0x281: 0x8847, 0x283: 0x8848}.get(protocol)
    if key is None:
        raise Skip("not IP")
    return key, after, end


@layer(LINK + 166, LINK + 204)
def _ppp_with_direction(packet: bytes, at: int, end: int) -> Step:
    """PPP behind one octet that tells the direction."""
    return _ppp(packet, at + 1, end)


@layer(LINK + 104)
def _cisco_hdlc(packet: bytes, at: int, end: int) -> Step:
    """Cisco's HDLC: address, control, EtherType."""
    return after_ethertype(packet, at + 2, end)


@layer(IP_PROTOCOL + 4, IP_PROTOCOL + 41, IP_PROTOCOL + 94)
def _ip_in_ip(packet: bytes, at: int, end: int) -> Step:
    """IP in IP (RFC 2003, RFC 4213)."""
    return raw_ip(packet, at, end)


@layer(IP_PROTOCOL + 97)
def _etherip(packet: bytes, at: int, end: int) -> Step:
    """Ethernet in IP (RFC 3378)."""
    return ethernet(packet, at + 2, end)


@layer(IP_PROTOCOL + 51)
def _authentication_header(packet: bytes, at: int, end: int) -> Step:
    """The authentication header of IPsec (RFC 4302)."""
    return IP_PROTOCOL + packet[at], at + (packet[at + 1] + 2 << 2), end


@layer(IP_PROTOCOL + 50)
def _encapsulating_security(_packet: bytes, _at: int, _end: int) -> Step:
    """IPsec's encryption (RFC 4303)."""
    raise Skip("encrypted (ESP)")


@layer(IP_PROTOCOL + 47, UDP_PORT + 4754)
def _gre(packet: bytes, at: int, end: int) -> Step:
    """GRE (RFC 2784, 2890), its PPTP form (RFC 2637), and ERSPAN in it (draft-foschiano-erspan)."""
    flags, protocol = _u16(packet, at)[0], _u16(packet, at + 2)[0]
    if flags & 0x4000:
        raise Skip("GRE with source routing")
    sequenced = bool(flags & 0x1000)
    at += 4 * (1 + bool(flags & 0x8000) + bool(flags & 0x2000) + sequenced + bool(flags & 7 and flags & 0x0080))
    if protocol == _ERSPAN:
        return ethernet(packet, at + 8 if sequenced else at, end)
    if protocol == _ERSPAN_3:
        return ethernet(packet, at + (20 if packet[at + 11] & 1 else 12), end)
    return protocol, at, end


@layer(UDP)
def _udp(packet: bytes, at: int, end: int) -> Step:
    """UDP, of interest where a port is that of a tunnel."""
    source, destination, length = _u16(packet, at)[0], _u16(packet, at + 2)[0], _u16(packet, at + 4)[0]
    if length >= 8:
        end = min(end, at + length)
    for port in (destination, source):
        if UDP_PORT + port in LAYERS:
            return UDP_PORT + port, at + 8, end
    raise Skip("not TCP")


@layer(UDP_PORT + 4789, UDP_PORT + 8472)
def _vxlan(packet: bytes, at: int, end: int) -> Step:
    """VXLAN (RFC 7348), at its own port and at Linux's old one."""
    if not packet[at] & 0x08:
        raise Skip("not TCP")
    return ethernet(packet, at + 8, end)


@layer(UDP_PORT + 4790)
def _vxlan_gpe(packet: bytes, at: int, end: int) -> Step:
    """VXLAN with a protocol field (draft-ietf-nvo3-vxlan-gpe)."""
    key = _NEXT_PROTOCOLS.get(packet[at + 3]) if packet[at] & 0x04 else LINK + 1
    if key is None:
        raise Skip("not IP")
    return key, at + 8, end


@layer(UDP_PORT + 6081)
def _geneve(packet: bytes, at: int, end: int) -> Step:
    """Geneve (RFC 8926)."""
    if packet[at] >> 6:
        raise Skip("not TCP")
    return _u16(packet, at + 2)[0], at + 8 + ((packet[at] & 0x3F) << 2), end


@layer(UDP_PORT + 2152)
def _gtp(packet: bytes, at: int, end: int) -> Step:
    """GTP-U, version 1 (3GPP TS 29.281): a user's packet behind extension headers."""
    flags, kind = packet[at], packet[at + 1]
    if flags >> 4 != 3 or kind != 255:
        raise Skip("not TCP")
    following = packet[at + 11] if flags & 4 else 0
    at += 12 if flags & 7 else 8
    while following:
        size = packet[at] << 2
        if not size:
            raise Skip("bad GTP header")
        following = packet[at + size - 1]
        at += size
    return raw_ip(packet, at, end)


@layer(UDP_PORT + 3544)
def _teredo(packet: bytes, at: int, end: int) -> Step:
    """Teredo (RFC 4380): IPv6 behind authentication and origin indications."""
    if _u16(packet, at)[0] == 1:
        at += 13 + packet[at + 2] + packet[at + 3]
    if _u16(packet, at)[0] == 0:
        at += 8
    if packet[at] >> 4 != 6:
        raise Skip("not TCP")
    return raw_ip(packet, at, end)


@layer(UDP_PORT + 5072)
def _ayiya(packet: bytes, at: int, end: int) -> Step:
    """AYIYA: identity of 2^n octets, signature of 4 n octets, then a protocol of IP."""
    size = 8 + (1 << (packet[at] >> 4)) + (packet[at + 1] >> 4 << 2)
    return IP_PROTOCOL + packet[at + 3], at + size, end


@layer(UDP_PORT + 4341)
def _lisp(packet: bytes, at: int, end: int) -> Step:
    """LISP data (RFC 9300)."""
    return raw_ip(packet, at + 8, end)


@layer(UDP_PORT + 37008)
def _tazmen(packet: bytes, at: int, end: int) -> Step:
    """TZSP, the mirror of wireless bridges: tagged fields, then a frame."""
    if packet[at + 1] not in (0, 1) or _u16(packet, at + 2)[0] != 1:
        raise Skip("not TCP")
    at += 4
    while packet[at] != 1:
        at += 1 if packet[at] == 0 else 2 + packet[at + 1]
    return ethernet(packet, at + 1, end)
