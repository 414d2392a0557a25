"""pcapng files: sections, interfaces, every packet block, what stands beside the packets, and damage."""

from __future__ import annotations

import struct

import pytest
from support.frames import block, enhanced, ethernet, interface, ipv4, option, payloads, raw, read, section, tcp
from support.packets import tshark

ONE, TWO = ethernet(ipv4(tcp(b"one"))), ethernet(ipv4(tcp(b"two")))


def old(frame: bytes, number: int = 0, dropped: int = 0xFFFF, order: str = "<") -> bytes:
    """An obsolete packet block of second 1."""
    head = struct.pack(order + "HHIIII", number, dropped, 0, 1_000_000, len(frame), len(frame))
    return block(2, head + frame, order)


def simple(frame: bytes, wire: int | None = None, order: str = "<") -> bytes:
    """A simple packet block."""
    return block(3, struct.pack(order + "I", len(frame) if wire is None else wire) + frame, order)


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_of_either_byte_order(order):
    """Microseconds, where the interface does not say otherwise."""
    octets = section(order) + interface(order=order) + enhanced(ONE, count=(1 << 32) + 5, order=order)
    (segment,), report = read(octets)
    assert (segment[1], segment[2], segment[6]) == (1, ((1 << 32) + 5) * 1000, b"one")
    assert (report.format, report.packets, report.linktypes, report.damage) == ("pcapng", 1, {1}, None)
    assert report.first_ns == report.last_ns == ((1 << 32) + 5) * 1000


def test_sections_may_change_byte_order_and_interfaces():
    """A section header forgets the interfaces before it; frames are counted on."""
    octets = (
        section("<") + interface(link=101) + enhanced(raw(b"one"))
        + section(">") + interface(order=">") + enhanced(TWO, order=">")
        + section("<") + interface() + enhanced(ONE)
    )  # fmt: skip
    segments, report = read(octets)
    assert [(segment[1], segment[6]) for segment in segments] == [(1, b"one"), (2, b"two"), (3, b"one")]
    assert report.linktypes == {1, 101}


def test_packets_belong_to_their_interface():
    """Each has a link type, a unit of time and an offset of its own."""
    octets = (
        section()
        + interface(options=option(9, b"\x09"))
        + interface(link=101, options=option(9, b"\x83") + option(14, struct.pack("<q", 100)))
        + enhanced(ONE, number=0, count=7)
        + enhanced(raw(b"two"), number=1, count=12)
    )
    segments, _ = read(octets)
    assert [(segment[2], segment[6]) for segment in segments] == [(7, b"one"), (101_500_000_000, b"two")]


@pytest.mark.parametrize(
    ("resolution", "count", "time_ns"),
    [(0, 3, 3 * 10**9), (3, 3, 3 * 10**6), (9, 3, 3), (12, 3999, 3), (0x80, 3, 3 * 10**9), (0x8A, 1024, 10**9)],
)
def test_units_of_time(resolution, count, time_ns):
    """Powers of ten and of two, coarser and finer than a nanosecond."""
    octets = section() + interface(options=option(9, bytes([resolution]))) + enhanced(ONE, count=count)
    assert read(octets)[0][0][2] == time_ns


def test_a_simple_packet_has_no_time():
    """It is the first interface's; padded, or cut to its snap length; 0 stands for the time, and is counted."""
    octets = section() + interface(snaplen=56) + simple(ONE) + simple(TWO[:56], wire=57)
    segments, report = read(octets)
    assert [(segment[2], segment[6], segment[7]) for segment in segments] == [(0, b"on", 1), (0, b"tw", 1)]
    assert (report.undated, report.packets, report.first_ns) == (2, 2, None)


def test_an_obsolete_packet_block_is_read():
    """With the packets that were dropped before it."""
    segments, report = read(section() + interface(options=option(2, b"eth0")) + old(ONE, dropped=4) + old(TWO))
    assert [(segment[2], segment[6]) for segment in segments] == [(10**9, b"one"), (10**9, b"two")]
    assert report.drops == {"eth0: dropped between packets": 4}


def test_unknown_blocks_are_passed_over():
    """Name resolution and made-up blocks, before and between packets; they are no frames."""
    strange = block(4, b"\1\0\4\0abcd\0\0\0\0") + block(0x0BAE, b"x" * 40) + block(0x7FFFFFFF, b"")
    octets = section() + strange + interface() + strange + enhanced(ONE) + strange + enhanced(TWO) + strange
    segments, report = read(octets)
    assert [(segment[1], segment[6]) for segment in segments] == [(1, b"one"), (2, b"two")]
    assert (report.skipped, report.damage) == ({}, None)


def test_records_that_are_no_packets_count_as_frames(tmp_path):
    """Custom blocks and the system's journal have a number in Wireshark, across sections; they are no packets."""
    custom = block(0x0BAD, struct.pack("<I", 32473) + b"text") + block(0x40000BAD, struct.pack("<I", 32473) + b"more")
    journal = block(9, b"MESSAGE=x\n__REALTIME_TIMESTAMP=1\n")
    one = section() + custom + interface() + enhanced(ONE) + journal
    octets = one + section() + interface() + enhanced(TWO)
    segments, report = read(octets)
    assert [segment[1] for segment in segments] == [3, 5]
    assert report.packets == 2
    path = tmp_path / "a.pcapng"
    path.write_bytes(octets)
    assert tshark(path, "-Y", "tcp", "-T", "fields", "-e", "frame.number").split() == ["3", "5"]


def test_comments_are_kept():
    """Of the section, an interface, its statistics and a packet, whose number is told."""
    statistics = block(5, struct.pack("<III", 0, 0, 0) + option(1, b"over") + option(0, b""))
    octets = (
        section(options=option(1, b"made in the lab") + option(4, b"tool"))
        + interface(options=option(1, b"uplink"))
        + enhanced(ONE, options=option(1, "é".encode()) + option(0, b""))
        + statistics
    )
    assert read(octets)[1].comments == ["made in the lab", "uplink", "packet 1: é", "over"]


def test_comments_have_a_bound():
    """A thousand are kept, the others counted."""
    report = read(section() + interface() + enhanced(ONE, options=option(1, b"x")) * 1002)[1]
    assert (len(report.comments), report.skipped) == (1000, {"too many comments": 2})


def test_drop_counters_are_reported():
    """The last statistics of an interface hold; a packet's own count is added up."""

    def statistics(dropped: int, number: int = 0) -> bytes:
        counters = option(4, struct.pack("<Q", 9)) + option(5, struct.pack("<Q", dropped)) + option(7, bytes(8))
        return block(5, struct.pack("<III", number, 0, 0) + counters + option(5, b"short"))

    drops = option(4, struct.pack("<Q", 3))
    octets = section() + interface(options=option(2, b"eth0\0")) + enhanced(ONE, options=drops) * 2
    report = read(octets + statistics(5) + statistics(6) + statistics(1, number=9))[1]
    assert report.drops == {
        "eth0: dropped between packets": 6,
        "eth0: dropped by the interface": 6,
        "eth0: dropped by the system": 0,
        "interface 9: dropped by the interface": 1,
        "interface 9: dropped by the system": 0,
    }


def test_tls_keys_are_kept():
    """Of a key log; other secrets are counted, and so is what would be too much."""
    secrets = block(10, struct.pack("<II", 0x544C534B, 5) + b"CLIEN\0\0\0")
    other = block(10, struct.pack("<II", 0x57474B4C, 4) + b"wire")
    large = block(10, struct.pack("<II", 0x544C534B, 16 * 1024 * 1024) + b"x")
    report = read(section() + secrets + other + large + secrets)[1]
    assert report.tls_keys == [b"CLIEN", b"CLIEN"]
    assert report.skipped == {"secrets of another kind": 1, "too many secrets": 1}


def test_tls_keys_behind_packets_are_told():
    """Who reads the file once has read the packets before them without; keys in front are nothing to speak of."""
    secrets = block(10, struct.pack("<II", 0x544C534B, 5) + b"CLIEN\0\0\0")
    late = read(section() + interface() + enhanced(b"x") + enhanced(b"y") + secrets + secrets)[1]
    assert [notice.partition(";")[0] for notice in late.notices] == ["TLS keys stand behind packet 2"]
    assert read(section() + interface() + secrets + enhanced(b"x") + secrets)[1].notices == []


@pytest.mark.parametrize(
    "bad",
    [
        enhanced(ONE, number=1),
        block(6, struct.pack("<IIIII", 0, 0, 0, 5000, 5000) + ONE),
        old(ONE, number=3),
        block(2, b"short"),
        block(3, b""),
    ],
)
def test_a_packet_block_that_makes_no_sense_is_skipped(bad):
    """It counts as a frame, with a reason."""
    segments, report = read(section() + interface() + bad + enhanced(TWO))
    assert [segment[1] for segment in segments] == [2]
    assert report.skipped == {"bad packet block": 1}


def test_a_block_too_short_for_its_fields_is_skipped():
    """An interface, statistics and secrets without what they must have."""
    report = read(section() + block(1, b"\1\0") + block(5, b"") + block(10, b"abcd") + interface() + enhanced(ONE))[1]
    assert (report.packets, report.skipped) == (1, {"block cut short": 3})


def test_a_simple_packet_without_an_interface_is_skipped():
    """Nobody knows its link."""
    assert read(section() + simple(ONE))[1].skipped == {"bad packet block": 1}


def test_options_that_run_over_the_block_are_left():
    """What stands before them is read."""
    octets = section(options=option(1, b"kept") + struct.pack("<HH", 1, 12336) + b"text") + interface() + enhanced(ONE)
    report = read(octets)[1]
    assert (report.comments, report.packets, report.damage) == (["kept"], 1, None)


@pytest.mark.parametrize("length", [0, 8, 11, 16 * 1024 * 1024 + 4, 0xFFFFFFFF])
def test_an_absurd_block_length_ends_the_reading(length):
    """Nothing is allocated for it, and what came before stays."""
    head = section() + interface() + enhanced(ONE)
    segments, report = read(head + struct.pack("<II", 6, length) + bytes(100))
    assert [segment[6] for segment in segments] == [b"one"]
    assert report.damage == f"the block at octet {len(head)} claims {length} octets: the file is damaged there"


def test_two_lengths_that_differ_end_the_reading():
    """The one behind a block must repeat the one before it."""
    head = section() + interface()
    segments, report = read(head + enhanced(ONE)[:-4] + bytes(4))
    assert segments == []
    assert report.damage == f"the block at octet {len(head)} states two lengths: the file is damaged there"


def test_a_section_without_a_byte_order_ends_the_reading():
    """Its length could be anything."""
    head = section() + interface() + enhanced(ONE)
    segments, report = read(head + b"\n\r\r\n" + bytes(60))
    assert len(segments) == 1
    assert report.damage == f"the section header at octet {len(head)} is damaged"


@pytest.mark.parametrize("cut", [1, 4, 11, 12, 40, 80])
def test_a_cut_in_a_block_is_damage(cut):
    """What came before stays."""
    whole = section() + interface() + enhanced(ONE)
    segments, report = read(whole + enhanced(TWO)[:cut])
    assert [segment[6] for segment in segments] == [b"one"]
    assert report.damage == f"the file is cut off after packet 1 at octet {len(whole) + cut}"


def test_lengths_that_are_no_multiple_of_four_are_rounded_up():
    """Some writers forget to count the padding."""
    body = struct.pack("<IIIII", 0, 0, 0, len(ONE), len(ONE)) + ONE + bytes(-len(ONE) % 4)
    length = struct.pack("<I", 12 + 20 + len(ONE))
    assert payloads(section() + interface() + b"\6\0\0\0" + length + body + length) == [b"one"]


def test_interfaces_have_a_bound():
    """A file may have as many as a number of 16 bits tells apart."""
    report = read(section() + interface() * 65_538)[1]
    assert report.skipped == {"too many interfaces": 2}
