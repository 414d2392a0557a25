"""Laws of reading captures: any octets, any cut, any pieces."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from support.frames import (
    IPV6,
    UDP,
    Dribble,
    block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    option,
    packed,
    pcap,
    read,
    section,
    tcp,
    udp,
)

from smtptrace.sources import SourceReport, capfile
from smtptrace.sources._unwrap import Unwrap

payloads = st.binary(max_size=40)
frames = st.one_of(
    st.builds(lambda body: ethernet(ipv4(tcp(body))), payloads),
    st.builds(lambda body: ethernet(ipv6(tcp(body)), IPV6, (0x8100,)), payloads),
    st.builds(lambda body: ethernet(ipv4(tcp(body), options=bytes(4))) + bytes(9), payloads),
    st.builds(lambda body: ethernet(ipv4(udp(b"\x08" + bytes(7) + ethernet(ipv4(tcp(body))), 4789), UDP)), payloads),
    st.builds(ethernet, st.binary(max_size=80)),
    st.binary(max_size=80),
)


def as_pcap(found: list[bytes]) -> bytes:
    return pcap(*found)


def as_pcapng(found: list[bytes]) -> bytes:
    middle = len(found) // 2
    return (
        section() + interface() + b"".join(map(enhanced, found[:middle])) + block(77, b"other")
        + section(">") + interface(options=option(9, b"\x09", ">"), order=">")
        + b"".join(enhanced(frame, order=">") for frame in found[middle:])
    )  # fmt: skip


captures = st.builds(
    lambda write, found: write(found), st.sampled_from([as_pcap, as_pcapng]), st.lists(frames, max_size=9)
)


@given(captures, st.lists(st.integers(1, 300), min_size=1))
def test_pieces_do_not_matter(octets, sizes):
    """However a pipe delivers a capture, the same comes out, and the same is reported."""
    report = SourceReport()
    assert (list(capfile.segments(Dribble(octets, sizes), report)), report) == read(octets)


@given(captures, st.data())
def test_a_cut_gives_a_prefix(octets, data):
    """Segments of the whole file, up to the cut, and a line that says so unless it fell between two packets."""
    cut = data.draw(st.integers(0, len(octets)))
    whole, _ = read(octets)
    segments, report = read(octets[:cut])
    assert segments == whole[: len(segments)]
    assert report.damage is None or "\n" not in report.damage
    assert report.damage or cut >= 24


@given(captures, st.data())
def test_changed_octets_raise_nothing(octets, data):
    """Any octet of a capture may be any other."""
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(changed))


@given(st.sampled_from([pcap(), pcap(order=">"), section() + interface(), section(">")]), st.binary())
def test_any_octets_after_a_header_raise_nothing(head, octets):
    """And every packet is a segment or has a reason; fragments may be waiting for others that came."""
    segments, report = read(head + octets)
    assert len(segments) + report.skipped.total() <= report.packets + len(octets) // 12


@given(st.one_of(frames, st.binary(max_size=200)), st.integers(0, 0x3FFFF), st.integers(0, 300))
def test_any_packet_of_any_layer_is_a_segment_or_counted(packet, key, more):
    """A layer of any number may be asked to read any octets; none claims octets that are not there."""
    report = SourceReport()
    unwrap = Unwrap(report)
    segment = unwrap(key & 0x2FFFF, packet, len(packet) + more, 1, 0)
    unwrap.finish()
    assert (segment is not None) + report.skipped.total() == 1
    if segment:
        assert segment[6] in packet
        assert segment[7] <= more


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 255), payloads, st.booleans())
def test_the_careful_path_agrees_with_the_fast_one(seq, ack, flags, payload, six):
    """The same packet, over Ethernet and raw, gives the same segment."""
    packet = (ipv6 if six else ipv4)(tcp(payload, seq, ack, flags))
    fast, _ = read(pcap(ethernet(packet, IPV6 if six else 0x0800)))
    careful, _ = read(pcap(packet, link=101))
    assert fast == careful
    assert fast[0][3:] == (seq, ack, flags, payload, 0)
    assert fast[0][0] == packed(*(("2001:db8::5", "2001:db8::25") if six else ("10.0.0.5", "10.0.0.25"))) + struct.pack(
        ">HH", 50011, 25
    )
