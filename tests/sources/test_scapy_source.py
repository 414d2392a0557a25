"""Frames through scapy: links that only it knows, and the same segments as our own reader elsewhere."""

from __future__ import annotations

import sys
from io import BytesIO

import pytest
from support.data import reference
from support.frames import IPV6, UDP, ethernet, ipv4, ipv6, pcap, raw, read, tcp, udp

from smtptrace.sources import SourceReport, capfile, open_input, scapy_source
from smtptrace.sources._layers import Skip
from smtptrace.sources._scapy_links import ip_within, knows

QUIT = b"QUIT\r\n"
DOT11 = b"\x88\x01\x00\x00" + b"\2" * 18 + b"\x00\x00" + b"\x00\x00" + b"\xaa\xaa\x03\0\0\0\x08\0" + raw(QUIT)
RADIOTAP = b"\x00\x00\x08\x00\x00\x00\x00\x00" + DOT11
RADIOTAP_LINK = 127


def through_scapy(octets: bytes):
    """The segments of a capture file as scapy_source gives them, and the report."""
    report = SourceReport()
    return list(scapy_source.segments(BytesIO(octets), report)), report


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(ipv4(tcp(QUIT))) + bytes(10),
        ethernet(ipv6(tcp(QUIT)), IPV6, (0x8100,)),
        ethernet(ipv4(ipv6(tcp(QUIT)), 41)),
        ethernet(ipv4(udp(b"\x08" + bytes(7) + ethernet(ipv4(tcp(QUIT))), 4789), UDP)),
        ethernet(ipv6(b"\6\0" + bytes(6) + tcp(QUIT), 60), IPV6),
        ethernet(ipv4(tcp(QUIT), length=0)),
        ethernet(ipv4(udp(b"x", 53), UDP)),
        ethernet(bytes(46), 0x0806),
        ethernet(b"\0\0\0\0\x08\0" + raw(QUIT), 0x8926),
        b"\2" * 5,
    ],
)
def test_scapy_gives_the_segments_that_we_give(frame):
    """With every link and tunnel that both know; what scapy passes over is tried by us."""
    for cut in (len(frame), len(frame) - 3):
        assert through_scapy(pcap(frame, cut=cut))[0] == read(pcap(frame, cut=cut))[0]


def test_fragments_are_put_together():
    """They are not taken for what they carry: the first of them holds a whole header of a tunnel's packet."""
    body = ipv4(tcp(b"x" * 400))
    frames = [
        ethernet(ipv4(body[:200], 4, fragment=0x2000)),
        ethernet(ipv4(body[200:], 4, fragment=200 // 8)),
    ]
    octets = pcap(*frames)
    assert [segment[6] for segment in through_scapy(octets)[0]] == [b"x" * 400]
    assert through_scapy(octets)[0] == read(octets)[0]
    six = tcp(QUIT * 10)
    frames = [
        ethernet(ipv6(b"\6\0\0\1\0\0\0\7" + six[:40], 44), IPV6),
        ethernet(ipv6(b"\6\0\0\x28\0\0\0\7" + six[40:], 44), IPV6),
    ]
    assert [segment[6] for segment in through_scapy(pcap(*frames))[0]] == [QUIT * 10]


def test_a_link_that_only_scapy_knows_is_read_with_a_notice():
    """802.11 behind radiotap; the notice comes once."""
    segments, report = read(pcap(RADIOTAP, RADIOTAP, link=RADIOTAP_LINK))
    assert [segment[6] for segment in segments] == [QUIT, QUIT]
    assert report.notices == ["link type 127 is read through scapy, which takes longer"]
    assert through_scapy(pcap(RADIOTAP, link=RADIOTAP_LINK))[0] == segments[:1]


def test_a_frame_without_ip_is_counted():
    """A beacon has none; a link that scapy does not know either is named."""
    beacon = b"\x00\x00\x08\x00\x00\x00\x00\x00" + b"\x80\0\0\0" + b"\xff" * 6 + b"\2" * 12 + bytes(14)
    assert read(pcap(beacon, link=RADIOTAP_LINK))[1].skipped == {"not IP": 1}
    assert through_scapy(pcap(beacon, link=RADIOTAP_LINK))[1].skipped == {"not IP": 1}
    assert through_scapy(pcap(beacon, link=65000))[1].skipped == {"unknown link type 65000": 1}


def test_octets_cut_off_are_counted():
    """As many as the snap length took."""
    (segment,), _ = read(pcap(RADIOTAP, link=RADIOTAP_LINK, cut=len(RADIOTAP) - 2))
    assert segment[6:] == (b"QUIT", 2)


def test_whatever_scapy_raises_is_a_reason(monkeypatch):
    """Its fields raise what they like."""
    from smtptrace.sources import _scapy_links

    def dissect(frame: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr(_scapy_links, "_dissector", lambda link: dissect)
    assert knows(1)
    with pytest.raises(Skip, match="not understood by scapy"):
        ip_within(1, b"")


def test_scapy_is_not_loaded_for_other_links():
    """Its start takes longer than most captures."""
    assert scapy_source.claims(pcap())
    assert "scapy" not in sys.modules or capfile.claims(pcap())


DIFFERENT = {
    "zeek__pppoe-over-qinq.pcap": "two packets state a length beyond the PPPoE payload; scapy takes the padding for it",
}


@pytest.mark.slow
def test_scapy_agrees_on_the_reference_captures():
    """Every file, every segment."""
    differ = set()
    for path in sorted(reference("corpus", "captures").iterdir()):
        found = []
        for engine in (capfile, scapy_source):
            with open_input(str(path)) as opened:
                found.append(list(engine.segments(opened.stream, SourceReport())))
        if found[0] != found[1]:
            differ.add(path.name)
    assert differ == set(DIFFERENT)
