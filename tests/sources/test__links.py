"""Less common links: each gives the segment that lies in it."""

from __future__ import annotations

import struct

import pytest
from support.frames import ethernet, ipv6, pcap, raw, read, tcp

QUIT = b"QUIT\r\n"
IP, IP_6 = raw(QUIT), ipv6(tcp(QUIT))


def nflog(order: str, *fields: tuple[int, bytes]) -> bytes:
    """Fields of NFLOG in a byte order, each padded to four octets."""
    parts = [struct.pack(order + "HH", len(value) + 4, kind) + value + bytes(-len(value) % 4) for kind, value in fields]
    return b"\x02\0\0\0" + b"".join(parts)


def pktap(link: int, packet: bytes) -> bytes:
    """A packet of Apple's pktap."""
    return struct.pack("<III", 156, 1, link) + bytes(144) + packet


LINKS = {
    "enc": (109, struct.pack("<III", 2, 9, 9) + IP),
    "pflog": (117, bytes([61, 2]) + bytes(62) + IP),
    "ipnet": (226, bytes(24) + IP_6),
    "NFLOG": (239, nflog("<", (1, bytes(4)), (10, b"mail\0"), (9, IP))),
    "NFLOG, big endian": (239, nflog(">", (1, bytes(4)), (10, b"mail\0"), (9, IP_6))),
    "pktap, Ethernet": (258, pktap(1, ethernet(IP))),
    "pktap, raw": (149, pktap(12, IP)),
    "frame relay": (107, b"\x18\x41\x03\xcc" + IP),
    "frame relay, long address": (107, b"\x18\x40\x00\x01\x03\x00\x8e" + IP_6),
    "frame relay, SNAP": (107, b"\x18\x41\x03\x00\x80\0\0\0\x08\0" + IP),
    "frame relay, Cisco": (107, b"\x18\x41\x08\0" + IP),
}


@pytest.mark.parametrize(("link", "packet"), LINKS.values(), ids=LINKS)
def test_a_link(link: int, packet: bytes) -> None:
    """The octets of the segment, and nothing else."""
    segments, report = read(pcap(packet, link=link))
    assert [segment[6] for segment in segments] == [QUIT]
    assert not report.skipped


@pytest.mark.parametrize(("link", "packet"), LINKS.values(), ids=LINKS)
def test_a_link_cut_anywhere(link: int, packet: bytes) -> None:
    """No segment, and a reason."""
    for stop in range(1, packet.rindex(QUIT) - 6):
        segments, report = read(pcap(packet[:stop], link=link))
        assert not segments
        assert sum(report.skipped.values()) == 1


OTHERS = {
    "NFLOG without a packet": (239, nflog("<", (1, bytes(4)), (10, b"mail\0"))),
    "NFLOG with a broken field": (239, b"\x02\0\0\0\x01\0\x01\0" + bytes(40)),
    "pktap in pktap": (258, pktap(258, pktap(1, ethernet(IP)))),
    "frame relay, not IP": (107, b"\x18\x41\x03\x08" + IP),
}


@pytest.mark.parametrize(("link", "packet"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_ip(link: int, packet: bytes) -> None:
    """It is skipped with a reason."""
    segments, report = read(pcap(packet, link=link))
    assert not segments
    assert sum(report.skipped.values()) == 1
