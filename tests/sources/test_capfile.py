"""Captures of every shape read into segments; the careful and the fast path agree."""

from __future__ import annotations

import json
from collections import Counter
from io import BytesIO
from ipaddress import ip_address

import pytest
from support.data import reference
from support.frames import (
    CLIENT,
    CLIENT_6,
    IPV6,
    SERVER,
    SERVER_6,
    UDP,
    ethernet,
    ipv4,
    ipv6,
    packed,
    payloads,
    pcap,
    read,
    section,
    tcp,
    udp,
)

from smtptrace.sources import SourceReport, capfile, open_input
from smtptrace.sources._layers import PAUSE

PORTS = b"\xc3\x5b\x00\x19"
KEY = packed(CLIENT, SERVER) + PORTS
KEY_6 = packed(CLIENT_6, SERVER_6) + PORTS


def test_a_segment_has_everything_the_tcp_stage_needs():
    """Key, frame, time, sequence and acknowledgement numbers, flags, payload and cut of one packet."""
    (segment,), report = read(pcap(ethernet(ipv4(tcp(b"EHLO a\r\n", seq=0xFFFFFFFF, ack=7, flags=0x18)))))
    assert segment == (KEY, 1, 1_000_001_000, 0xFFFFFFFF, 7, 0x18, b"EHLO a\r\n", 0)
    assert (report.format, report.packets, report.first_ns, report.last_ns) == ("pcap", 1, 1_000_001_000, 1_000_001_000)
    assert (report.linktypes, report.damage, report.skipped) == ({1}, None, Counter())


@pytest.mark.parametrize("tags", [(), (0x8100,), (0x88A8, 0x8100), (0x9100, 0x8100, 0x8100)])
@pytest.mark.parametrize(("ip", "kind", "key"), [(ipv4, 0x0800, KEY), (ipv6, IPV6, KEY_6)])
def test_vlan_tags_are_passed_over(tags, ip, kind, key):
    """With no tag, one, or several, over IPv4 and IPv6."""
    (segment,), _ = read(pcap(ethernet(ip(tcp(b"NOOP\r\n")), kind, tags)))
    assert (segment[0], segment[6]) == (key, b"NOOP\r\n")


@pytest.mark.parametrize("options", [b"", b"\1" * 12, b"\1" * 40])
def test_tcp_options_are_no_payload(options):
    """The data offset tells where the payload begins."""
    assert payloads(pcap(ethernet(ipv4(tcp(b"x", options=options))))) == [b"x"]


def test_ip_options_do_not_change_the_key():
    """Addresses and ports are apart in the packet, and together in the key."""
    (segment,), _ = read(pcap(ethernet(ipv4(tcp(b"x"), options=b"\1" * 8))))
    assert (segment[0], segment[6]) == (KEY, b"x")


@pytest.mark.parametrize("frame", [ethernet(ipv4(tcp(b"ab"))), ethernet(ipv6(tcp(b"ab")), IPV6)])
def test_padding_is_no_payload(frame):
    """The IP length counts, not what the card put behind the packet."""
    assert payloads(pcap(frame + b"\0" * 20)) == [b"ab"]


@pytest.mark.parametrize("frame", [ethernet(ipv4(tcp(b"abc"), length=0)), ethernet(ipv6(tcp(b"abc"), length=0), IPV6)])
def test_length_zero_means_the_rest_of_the_frame(frame):
    """Segmentation offload leaves the IP length empty."""
    assert payloads(pcap(frame)) == [b"abc"]


@pytest.mark.parametrize("ip", [ethernet(ipv4(tcp(b"0123456789"))), ethernet(ipv6(tcp(b"0123456789")), IPV6)])
@pytest.mark.parametrize("missing", [1, 4, 10])
def test_what_the_snap_length_cut_is_counted(ip, missing):
    """The payload that is there, and how much of it is not."""
    (segment,), _ = read(pcap(ip, cut=len(ip) - missing))
    assert (segment[6], segment[7]) == (b"0123456789"[: 10 - missing], missing)


def test_a_header_of_which_only_part_was_kept_still_counts_its_octets():
    """TCP options cut off: all of the payload is missing."""
    frame = ethernet(ipv4(tcp(b"0123456789", options=b"\1" * 8)))
    (segment,), _ = read(pcap(frame, cut=56))
    assert (segment[6], segment[7]) == (b"", 10)


def test_a_length_beyond_the_frame_cuts_nothing():
    """A packet that claims more than was on the wire lost nothing to the snap length."""
    (segment,), _ = read(pcap(ethernet(ipv4(tcp(b"abc"), length=1500))))
    assert (segment[6], segment[7]) == (b"abc", 0)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (ethernet(ipv4(udp(b"x" * 30, 53), UDP)), "not TCP"),
        (ethernet(ipv4(b"\x08\0" * 20, 1)), "not TCP"),
        (ethernet(ipv6(udp(b"x", 53), UDP), IPV6), "not TCP"),
        (ethernet(b"\0" * 46, 0x0806), "not IP"),
        (ethernet(b"\x42\x42\x03" + b"\0" * 43, 38), "not IP"),
        (b"\2" * 10, "header cut off"),
        (b"", "empty"),
        (ethernet(ipv4(tcp())[:30]), "header cut off"),
        (ethernet(b"\x41" + ipv4(tcp())[1:]), "bad IP header"),
        (ethernet(ipv4(tcp(), length=12)), "bad IP header"),
        (ethernet(b"\x55" + ipv6(tcp())[1:], IPV6), "bad IP header"),
        (ethernet(ipv4(tcp()[:12] + b"\x10" + tcp()[13:])), "bad TCP header"),
        (ethernet(ipv4(tcp()[:12] + b"\xf0" + tcp()[13:])), "bad TCP header"),
    ],
)
def test_every_other_packet_is_counted_with_its_reason(frame, reason):
    """Nothing is left out in silence."""
    segments, report = read(pcap(frame, ethernet(ipv4(tcp(b"QUIT\r\n")))))
    assert [segment[1] for segment in segments] == [2]
    assert report.skipped == {reason: 1}
    assert report.packets == 2


@pytest.mark.parametrize(
    ("octets", "damage"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "this is no capture file"),
        (b"220 mx ESMTP\r\n", "this is no capture file"),
        (pcap()[:20], "the file is cut off in its header"),
    ],
)
def test_what_is_no_capture_is_said_in_a_line(octets, damage):
    """No exception, no segment."""
    segments, report = read(octets)
    assert (segments, report.damage) == ([], damage)


def test_the_first_packet_comes_before_the_last_was_written():
    """A live stream gives a segment as soon as its packet is there."""
    whole = pcap(ethernet(ipv4(tcp(b"one"))), ethernet(ipv4(tcp(b"two"))))

    class Pipe:
        """Fails the test when it is read further than it was written."""

        def __init__(self) -> None:
            self.written = [whole[:24], whole[24:97], whole[97:]]

        def read1(self, size: int) -> bytes:
            assert self.written, "read on although nothing was written"
            return self.written.pop(0)

    pipe = Pipe()
    segments = capfile.segments(pipe, SourceReport())
    assert next(segments)[6] == b"one"
    assert len(pipe.written) == 1
    assert next(segments)[6] == b"two"


def test_what_was_skipped_is_counted_when_nobody_wants_more():
    """A reader that stops early has a report of what it read."""
    frames = [ethernet(ipv4(udp(b"x" * 30, 53), UDP)), b"", ethernet(ipv4(tcp(b"one"))), ethernet(ipv4(tcp(b"two")))]
    report = SourceReport()
    segments = capfile.segments(BytesIO(pcap(*frames)), report)
    assert next(segments)[6] == b"one"
    segments.close()
    assert report.skipped == {"not TCP": 1, "empty": 1}


def test_claims_pcap_and_pcapng_and_nothing_else():
    """By the first octets, eight of them at least."""
    assert all(capfile.claims(file[:8]) for file in (pcap(), pcap(order=">"), section(), section(">")))
    assert all(capfile.claims(pcap(magic=magic)) for magic in (0xA1B23C4D, 0xA1B2CD34))
    assert not any(capfile.claims(head) for head in (b"", b"220 mx\r\n", b"\x1f\x8b\x08\0", b"\n\r\r\n" + b"abcd" * 3))


def bare(endpoint: str) -> str:
    """Address and port without the brackets around an IPv6 address."""
    return endpoint.replace("[", "").replace("]", "")


def octets_by_direction(stream: BytesIO, report: SourceReport) -> Counter[tuple[str, ...]]:
    """Payload octets on the wire from one endpoint to another."""
    found: Counter[tuple[str, ...]] = Counter()
    for key, _, _, _, _, _, payload, cut in capfile.segments(stream, report):
        size = (len(key) - 4) // 2
        ports = int.from_bytes(key[-4:-2], "big"), int.from_bytes(key[-2:], "big")
        hosts = ip_address(key[:size]), ip_address(key[size : 2 * size])
        found[tuple(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))] += len(payload) + cut
    return found


OUT_OF_REACH = {
    "libpcap__AH-IPcomp-IPv6.pcap": "the inner packets are compressed (IPComp)",
    "ndpi__capwap_data.pcapng": "802.11 frames in CAPWAP",
}


def test_every_octet_of_the_reference_captures_is_found():
    """For each TCP stream the payload octets on the wire are those that tshark counted, in each direction."""
    wrong, streams = [], 0
    for path in sorted(reference("corpus", "captures").iterdir()):
        with open_input(str(path)) as opened:
            assert capfile.claims(opened.head), path.name
            found = octets_by_direction(opened.stream, SourceReport())
        truth = json.loads(reference("corpus", "truth", path.name + ".json").read_text())
        expected: Counter[tuple[str, ...]] = Counter()
        for stream in truth["smtp_streams"] + truth["other_streams"]:
            ends = stream["endpoints"]
            for sender, receiver in (ends, ends[::-1]) if len(ends) == 2 else (ends * 2,):
                expected[bare(sender), bare(receiver)] += stream["payload_octets_on_wire"].get(sender, 0)
            streams += 1
        if any(found[way] != octets for way, octets in expected.items()):
            wrong.append(path.name)
    assert streams > 480
    assert set(wrong) == set(OUT_OF_REACH)


def test_a_pause_of_a_live_source_is_handed_on_between_the_packets():
    """It has the time and the frame it came after, no key, and counts as nothing."""
    frame = ethernet(ipv4(tcp(b"NOOP\r\n")))
    packet = (1, 5, 1, frame, 0, len(frame), len(frame))
    report = SourceReport()
    found = list(capfile.dissect([packet, (1, 7, PAUSE, b"", 0, 0, 0), packet], report))
    assert [each[0] for each in found] == [KEY, b"", KEY]
    assert (found[1][1:3], found[1][6:]) == ((1, 7), (b"", 0))
    assert report.skipped == Counter()
