"""The waist."""

from __future__ import annotations

from smtptrace.wire import PART_BITS, Endpoint, Octets, Origin, Side


def test_the_other_side() -> None:
    """Each side's other is the opposite one."""
    assert Side.CLIENT.other is Side.SERVER
    assert Side.SERVER.other is Side.CLIENT


def test_endpoints_as_text() -> None:
    """IPv6 hosts stand in brackets before a port; an unknown port is left out."""
    assert str(Endpoint("10.0.0.5", 25)) == "10.0.0.5:25"
    assert str(Endpoint("::1", 25)) == "[::1]:25"
    assert str(Endpoint("mail.example.org", 0)) == "mail.example.org"


def test_octets_know_which_packet_each_came_in() -> None:
    """The first packet is the event's own, the others are found by offset."""
    octets = Octets(Side.CLIENT, b"abcdef", 10, 1, places=((2, 20, 2), (4, 30, 3)))
    assert [octets.place(at) for at in range(6)] == [(10, 1), (10, 1), (20, 2), (20, 2), (30, 3), (30, 3)]
    assert Octets(Side.CLIENT, b"ab", 10, 1).place(1) == (10, 1)


def test_a_frame_of_a_timeline_names_its_file() -> None:
    """A timeline of several files numbers frames by part; a single file as they are."""
    parts = Origin("a.pcap", "pcap", parts=("a.pcap", "b.pcap"))
    assert parts.locate((1 << PART_BITS) + 7) == ("b.pcap", 7)
    assert parts.locate(7) == ("a.pcap", 7)
    assert parts.locate(None) == ("a.pcap", None)
    assert Origin("a.pcap", "pcap").locate(7) == ("a.pcap", 7)


def test_a_frame_as_people_read_it() -> None:
    """After the number of its file, where there are several."""
    parts = Origin("a.pcap", "pcap", parts=("a.pcap", "b.pcap"))
    assert [parts.name(frame) for frame in (7, (1 << PART_BITS) + 7, None)] == ["1:7", "2:7", ""]
    assert Origin("a.pcap", "pcap").name(7) == "7"


def test_each_part_has_its_own_clock() -> None:
    """What was added to the time of a frame; nothing where clocks were left alone."""
    parts = Origin("a.pcap", "pcap", parts=("a.pcap", "b.pcap"), clock_offsets=(0, 5))
    assert [parts.clock_offset_ns(frame) for frame in (7, (1 << PART_BITS) + 7, None)] == [0, 5, 0]
    assert Origin("a.pcap", "pcap").clock_offset_ns(7) == 0
    assert Origin("a.pcap", "pcap", clock_offsets=(5,)).clock_offset_ns(7) == 5
