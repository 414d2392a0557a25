"""Links: each gives the segment that lies in it."""

from __future__ import annotations

import struct

import pytest
from support.frames import IPV6, ipv4, ipv6, payloads, pcap, raw, read, tcp

RAW, RAW_6 = raw(b"QUIT\r\n"), ipv6(tcp(b"QUIT\r\n"))


@pytest.mark.parametrize("link", [12, 14, 101, 228])
def test_raw_ipv4(link):
    """Without anything before it."""
    assert payloads(pcap(RAW, link=link)) == [b"QUIT\r\n"]


@pytest.mark.parametrize("link", [12, 14, 101, 229])
def test_raw_ipv6(link):
    """The version nibble decides."""
    assert payloads(pcap(RAW_6, link=link)) == [b"QUIT\r\n"]


@pytest.mark.parametrize("link", [0, 108])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("family", "packet"), [(2, RAW), (24, RAW_6), (28, RAW_6), (30, RAW_6)])
def test_loopback_of_either_byte_order(link, order, family, packet):
    """The address family is in the order of the machine that captured; systems number IPv6 differently."""
    assert payloads(pcap(struct.pack(order + "I", family) + packet, link=link)) == [b"QUIT\r\n"]


@pytest.mark.parametrize(("kind", "packet"), [(0x0800, RAW), (IPV6, RAW_6), (0x8100, b"\0\5\x08\0" + RAW)])
def test_cooked_captures(kind, packet):
    """Both versions of Linux's."""
    first = struct.pack(">HHH8sH", 4, 1, 6, b"", kind) + packet
    second = struct.pack(">HHIHBB8s", kind, 0, 2, 1, 4, 6, b"") + packet
    assert payloads(pcap(first, link=113)) == payloads(pcap(second, link=276)) == [b"QUIT\r\n"]


def test_llc_in_a_cooked_capture():
    """Protocol 4 stands for IEEE 802.2."""
    packet = struct.pack(">HHH8sH", 4, 1, 6, b"", 4) + b"\xaa\xaa\x03\0\0\0\x08\0" + RAW
    assert payloads(pcap(packet, link=113)) == [b"QUIT\r\n"]


@pytest.mark.parametrize("header", [b"\xaa\xaa\x03\0\0\0\x08\0", b"\x06\x06\x03"])
def test_a_length_instead_of_an_ethertype(header):
    """IEEE 802.3 with LLC, with SNAP or IP's own service access point."""
    body = header + RAW
    assert payloads(pcap(b"\2" * 12 + len(body).to_bytes(2, "big") + body)) == [b"QUIT\r\n"]


@pytest.mark.parametrize(
    ("packet", "link"),
    [
        (b"\x75" + RAW[1:], 101),
        (b"\0\0\0\7" + bytes(46), 0),
        (struct.pack(">HHH8sH", 4, 1, 6, b"", 1) + RAW, 113),
        (struct.pack(">HHH8sH", 4, 1, 6, b"", 0x0806) + RAW, 113),
        (struct.pack(">HHH8sH", 4, 1, 6, b"", 4) + b"\x42\x42\x03" + RAW, 113),
    ],
)
def test_what_is_not_ip_is_counted(packet, link):
    """Another version, another family, another protocol."""
    segments, report = read(pcap(packet, link=link))
    assert (segments, report.skipped) == ([], {"not IP": 1})


@pytest.mark.parametrize("link", [0, 101, 113, 276])
def test_a_link_header_that_is_cut_off_is_counted(link):
    """Every header may end anywhere; of TCP's the last six octets are not needed."""
    whole = {0: b"\2\0\0\0", 101: b"", 113: struct.pack(">HHH8sH", 4, 1, 6, b"", 0x800)}
    packet = whole.get(link, struct.pack(">HHIHBB8s", 0x800, 0, 2, 1, 4, 6, b"")) + RAW
    for cut in range(1, len(packet) - 6 - len(b"QUIT\r\n")):
        segments, report = read(pcap(packet, link=link, cut=cut))
        assert (segments, report.skipped) == ([], {"header cut off": 1})


def test_an_unknown_link_is_named():
    """By its number, so that it can be looked up."""
    assert read(pcap(ipv4(tcp()), link=65000))[1].skipped == {"unknown link type 65000": 1}
