"""pcap files: forms, byte orders, and damage."""

from __future__ import annotations

import pytest
from support.frames import ethernet, ipv4, payloads, pcap, read, tcp

FRAMES = [ethernet(ipv4(tcp(payload))) for payload in (b"one", b"two", b"three")]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)])
def test_every_form_gives_the_same_packets(order, magic, unit):
    """Times in micro- and nanoseconds, longer packet headers of the modified form, either byte order."""
    segments, report = read(pcap(*FRAMES, order=order, magic=magic))
    assert [segment[1:3] for segment in segments] == [(n, n * 10**9 + n * unit) for n in (1, 2, 3)]
    assert [segment[6] for segment in segments] == [b"one", b"two", b"three"]
    assert (report.packets, report.last_ns, report.damage) == (3, 3 * 10**9 + 3 * unit, None)


def test_the_upper_half_of_the_link_type_is_no_link_type():
    """It tells the length of the frame check sequence."""
    assert payloads(pcap(FRAMES[0], link=0x14000001)) == [b"one"]


def test_the_snap_length_is_reported():
    """As the file header announces it; 0 announces none."""
    assert read(pcap(snaplen=96))[1].snaplen == 96
    assert read(pcap(snaplen=0))[1].snaplen is None


@pytest.mark.parametrize("cut", range(25, 24 + 16 + len(FRAMES[0])))
def test_a_cut_in_a_packet_is_damage(cut):
    """In its header or its octets; what came before stays."""
    segments, report = read(pcap(FRAMES[0])[:cut])
    assert segments == []
    assert report.damage == f"the file is cut off in packet 1 at octet {cut}"


def test_a_file_may_end_with_a_packet():
    """An empty capture, and one that ends where a packet ends, are whole."""
    assert read(pcap())[1].damage is None
    assert read(pcap(*FRAMES)[: -16 - len(FRAMES[2])])[1].damage is None


@pytest.mark.parametrize(
    "claimed", [b"\xff\xff\xff\xff", (262_145).to_bytes(4, "little"), (2**31).to_bytes(4, "little")]
)
def test_an_absurd_length_ends_the_reading(claimed):
    """Nothing is allocated for it, and what came before stays."""
    whole = pcap(*FRAMES)
    at = 24 + 16 + len(FRAMES[0])
    segments, report = read(whole[: at + 8] + claimed + whole[at + 12 :])
    assert [segment[6] for segment in segments] == [b"one"]
    assert report.damage == (
        f"packet 2 at octet {at} claims {int.from_bytes(claimed, 'little')} octets: the file is damaged there"
    )


def test_a_file_may_announce_longer_packets_within_a_bound():
    """The snap length raises the limit for a packet, but not past the limit for anything."""
    long = FRAMES[0] + bytes(300_000)
    assert payloads(pcap(long, snaplen=400_000)) == [b"one"]
    assert payloads(pcap(long, snaplen=0)) == []
    assert payloads(pcap(long, snaplen=0xFFFFFFFF)) == []


def test_packets_across_the_pieces_of_a_large_file():
    """Headers and packets that begin in one read and end in the next."""
    frames = [ethernet(ipv4(tcp(number.to_bytes(4, "big") * 300))) for number in range(400)]
    assert payloads(pcap(*frames)) == [number.to_bytes(4, "big") * 300 for number in range(400)]
