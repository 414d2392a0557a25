"""Tunnels and tags: each gives the segment that lies in it, however many are nested."""

from __future__ import annotations

import struct

import pytest
from support.frames import (
    IPV6,
    SERVER,
    UDP,
    ethernet,
    ipv4,
    ipv6,
    payloads,
    pcap,
    raw,
    read,
    tcp,
    udp,
)

QUIT = b"QUIT\r\n"
IP, IP_6 = raw(QUIT), ipv6(tcp(QUIT))
FRAME = ethernet(IP)


def label(number: int, last: bool) -> bytes:
    """An MPLS label."""
    return struct.pack(">I", number << 12 | last << 8 | 64)


def gre(protocol: int, body: bytes, flags: int = 0, more: bytes = b"") -> bytes:
    """A GRE packet in IPv4."""
    return ethernet(ipv4(struct.pack(">HH", flags, protocol) + more + body, 47))


def in_udp(port: int, body: bytes) -> bytes:
    """A UDP datagram in IPv4 in Ethernet."""
    return ethernet(ipv4(udp(body, port), UDP))


PPPOE = struct.pack(">BBHH", 0x11, 0, 1, len(IP) + 2)
GENEVE = struct.pack(">BBHI", 1, 0, 0x6558, 0) + b"\0\0\0\0"
TUNNELS = {
    "MPLS": ethernet(label(16, False) + label(17, True) + IP, 0x8847),
    "MPLS, IPv6": ethernet(label(16, True) + IP_6, 0x8848),
    "MPLS, Ethernet": ethernet(label(16, True) + FRAME, 0x8847),
    "MPLS, Ethernet with a control word": ethernet(label(16, True) + bytes(4) + FRAME, 0x8847),
    "MPLS in IP": ethernet(ipv4(label(16, True) + IP, 137)),
    "MPLS in UDP": in_udp(6635, label(16, True) + IP),
    "802.1ah": ethernet(bytes(4) + FRAME, 0x88E7),
    "VN tag": ethernet(bytes(4) + b"\x08\0" + IP, 0x8926),
    "E-tag": ethernet(bytes(6) + b"\x08\0" + IP, 0x893F),
    "Cisco metadata": ethernet(b"\1\1\0\1\0\5" + b"\x08\0" + IP, 0x8909),
    "NSH, IP": ethernet(b"\0\2\1\1" + bytes(4) + IP, 0x894F),
    "NSH, Ethernet": ethernet(b"\0\6\1\3" + bytes(20) + FRAME, 0x894F),
    "PPPoE": ethernet(PPPOE + b"\0\x21" + IP, 0x8864),
    "PPPoE, padded": ethernet(PPPOE + b"\0\x21" + IP, 0x8864) + bytes(9),
    "PPPoE, IPv6": ethernet(struct.pack(">BBHH", 0x11, 0, 1, len(IP_6) + 2) + b"\0\x57" + IP_6, 0x8864),
    "IP in IP": ethernet(ipv4(IP, 4)),
    "IPv6 in IPv4": ethernet(ipv4(IP_6, 41)),
    "IPv4 in IPv6": ethernet(ipv6(IP, 4), IPV6),
    "EtherIP": ethernet(ipv4(b"\x30\0" + FRAME, 97)),
    "Ethernet in IPv6": ethernet(ipv6(FRAME, 143), IPV6),
    "authentication header": ethernet(ipv4(b"\6\4" + bytes(22) + tcp(QUIT), 51)),
    "authentication header, IPv6": ethernet(ipv6(b"\6\4" + bytes(22) + tcp(QUIT), 51), IPV6),
    "hop-by-hop options": ethernet(ipv6(b"\6\0" + bytes(6) + tcp(QUIT), 0), IPV6),
    "routing and destination options": ethernet(ipv6(b"\x3c\0" + bytes(6) + b"\6\1" + bytes(14) + tcp(QUIT), 43), IPV6),
    "a fragment header on a whole packet": ethernet(ipv6(b"\6" + bytes(7) + tcp(QUIT), 44), IPV6),
    "GRE": gre(0x0800, IP),
    "GRE, IPv6": gre(IPV6, IP_6),
    "GRE, Ethernet": gre(0x6558, FRAME),
    "GRE, checksum": gre(0x0800, IP, 0x8000, bytes(4)),
    "GRE, key and sequence": gre(0x0800, IP, 0x3000, bytes(8)),
    "GRE, WCCP": gre(0x883E, IP),
    "GRE, WCCP 2": gre(0x883E, bytes(4) + IP),
    "GRE, PPTP": gre(0x880B, b"\xff\3\0\x21" + IP, 0x3081, bytes(12)),
    "GRE, PPTP, compressed": gre(0x880B, b"\x21" + IP, 0x3001, bytes(8)),
    "GRE in UDP": in_udp(4754, b"\0\0\x08\0" + IP),
    "ERSPAN": gre(0x88BE, FRAME),
    "ERSPAN II": gre(0x88BE, bytes(8) + FRAME, 0x1000, bytes(4)),
    "ERSPAN III": gre(0x22EB, bytes(12) + FRAME, 0x1000, bytes(4)),
    "ERSPAN III with a subheader": gre(0x22EB, bytes(11) + b"\1" + bytes(8) + FRAME, 0x1000, bytes(4)),
    "VXLAN": in_udp(4789, b"\x08" + bytes(7) + FRAME),
    "VXLAN, Linux's old port": in_udp(8472, b"\x08" + bytes(7) + FRAME),
    "VXLAN over IPv6": ethernet(ipv6(udp(b"\x08" + bytes(7) + FRAME, 4789), UDP), IPV6),
    "VXLAN with a protocol": in_udp(4790, b"\x0c\0\0\1" + bytes(4) + IP),
    "VXLAN without a protocol at that port": in_udp(4790, b"\x08" + bytes(7) + FRAME),
    "Geneve": in_udp(6081, GENEVE + FRAME),
    "Geneve, IP": in_udp(6081, struct.pack(">BBHI", 0, 0, 0x0800, 0) + IP),
    "GTP": in_udp(2152, b"\x30\xff\0\0\0\0\0\1" + IP),
    "GTP, sequence number": in_udp(2152, b"\x32\xff\0\0\0\0\0\1" + bytes(4) + IP),
    "GTP, extension headers": in_udp(2152, b"\x34\xff\0\0\0\0\0\1\0\0\0\x85" + b"\1\0\0\x85" + b"\2" + bytes(7) + IP),
    "Teredo": in_udp(3544, IP_6),
    "Teredo with indications": in_udp(3544, b"\0\1\2\3" + bytes(14) + b"\0\0" + bytes(6) + IP_6),
    "AYIYA": in_udp(5072, b"\x41\x52\x11\x29" + bytes(4) + bytes(16) + bytes(20) + IP_6),
    "LISP": in_udp(4341, bytes(8) + IP),
    "TZSP": in_udp(37008, b"\1\0\0\1\0\x0a\1\5\1" + FRAME),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_the_segment_in_a_tunnel_is_found(name):
    """The innermost addresses and ports are its key."""
    (segment,), report = read(pcap(TUNNELS[name]))
    assert segment[6:] == (QUIT, 0)
    assert segment[0][-4:] == b"\xc3\x5b\x00\x19"
    assert (len(segment[0]), report.skipped) in ((12, {}), (36, {}))


@pytest.mark.parametrize("name", TUNNELS)
def test_a_tunnel_may_be_cut_off_anywhere(name):
    """It is counted, or the payload is cut; nothing is raised, nothing made up."""
    frame = TUNNELS[name]
    for cut in range(len(frame)):
        segments, report = read(pcap(frame, cut=cut))
        assert len(segments) + report.skipped.total() == 1
        if segments:
            payload, missing = segments[0][6:]
            assert payload == QUIT[: len(payload)]
            assert len(payload) + missing == len(QUIT)


@pytest.mark.parametrize(
    ("link", "packet"),
    [
        (9, b"\xff\3\0\x21" + IP),
        (9, b"\0\x21" + IP),
        (9, b"\x57" + IP_6),
        (9, b"\x02\x81" + label(16, True) + IP),
        (50, b"\xff\3\0\x21" + IP),
        (50, b"\x0f\0\x08\0" + IP),
        (104, b"\x0f\0\x08\0" + IP),
        (51, PPPOE + b"\0\x21" + IP),
        (166, b"\1\xff\3\0\x21" + IP),
        (204, b"\0\0\x21" + IP),
    ],
)
def test_point_to_point_links(link, packet):
    """PPP as it is captured, and Cisco's HDLC."""
    assert payloads(pcap(packet, link=link)) == [QUIT]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (ethernet(b"\x11\xa7" + PPPOE[2:] + b"\0\x21" + IP, 0x8864), "not IP"),
        (ethernet(PPPOE + b"\xc0\x21" + IP, 0x8864), "not IP"),
        (ethernet(b"\0\2\1\4" + bytes(4) + IP, 0x894F), "not IP"),
        (ethernet(ipv4(bytes(40), 50)), "encrypted (ESP)"),
        (gre(0x0800, IP, 0x4000, bytes(8)), "GRE with source routing"),
        (gre(0x0806, IP), "not IP"),
        (in_udp(4789, bytes(8) + FRAME), "not TCP"),
        (in_udp(4790, b"\x0c\0\0\4" + bytes(4) + IP), "not IP"),
        (in_udp(6081, b"\x40" + bytes(7) + FRAME), "not TCP"),
        (in_udp(2152, b"\x32\1\0\4\0\0\0\0" + bytes(4)), "not TCP"),
        (in_udp(2152, b"\x34\xff\0\0\0\0\0\1\0\0\0\x85" + b"\0\0\0\0" + IP), "bad GTP header"),
        (in_udp(3544, b"\x45" + IP), "not TCP"),
        (in_udp(37008, b"\1\0\0\x12\1" + FRAME), "not TCP"),
        (ethernet(ipv4(b"\6\0\0", 132)), "not TCP"),
        (ethernet(ipv6(b"\0\0" + bytes(6), 0) + b"\0\0" + bytes(6), IPV6), "header cut off"),
        (ethernet(ipv6((b"\0\0" + bytes(6)) * 100, 0), IPV6), "too many extension headers"),
    ],
)
def test_what_carries_no_tcp_is_counted(frame, reason):
    """With the reason."""
    segments, report = read(pcap(frame))
    assert (segments, report.skipped) == ([], {reason: 1})


def nested(depth: int) -> bytes:
    """A segment in so many tunnels."""
    packet = IP
    for _ in range(depth):
        packet = ipv4(packet, 4)
    return ethernet(packet)


def test_tunnels_are_followed_to_a_depth():
    """Eight of them, and no further."""
    assert payloads(pcap(nested(7), nested(8))) == [QUIT, QUIT]
    segments, report = read(pcap(nested(9)))
    assert (segments, report.skipped) == ([], {"tunnel too deep": 1})


def test_tags_are_followed_to_a_depth():
    """A frame of nothing but tags ends somewhere."""
    assert read(pcap(ethernet(b"\0\0\0\0\x89\x26" * 100, 0x8926)))[1].skipped == {"tunnel too deep": 1}


def test_the_length_of_the_innermost_packet_counts():
    """What the outer packet has behind it is padding."""
    assert payloads(pcap(ethernet(ipv4(IP + b"\0" * 10, 4)))) == [QUIT]


def test_octets_cut_off_inside_a_tunnel_are_counted():
    """The snap length cuts the frame, the inner header tells what is missing."""
    frame = in_udp(4789, b"\x08" + bytes(7) + ethernet(ipv4(tcp(b"0123456789"), hosts=(SERVER, SERVER))))
    (segment,), _ = read(pcap(frame, cut=len(frame) - 7))
    assert segment[6:] == (b"012", 7)
