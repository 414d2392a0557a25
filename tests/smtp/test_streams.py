"""Octets of one side: lines, places, gaps and bounds."""

from __future__ import annotations

from support.dialogue import connection, talk

from smtptrace.smtp import read_session
from smtptrace.smtp.streams import Stream
from smtptrace.wire import Exactness, Gap, GapReason, Octets, Side, Span

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def test_gaps_count_in_the_offsets():
    """Spans are counted over octets and sized gaps, and a gap is placed where it is."""
    events = [
        Octets(SERVER, b"220 hi\r\n"),
        Octets(CLIENT, b"NOOP\r\n"),
        Gap(CLIENT, 10, GapReason.LOST),
        Octets(CLIENT, b"QUIT\r\n"),
        Gap(CLIENT, None, GapReason.LOST),
        Gap(CLIENT, 5, GapReason.AFTER_CAPTURE),
    ]
    read = read_session(connection("", events=events))
    assert [each.command.span.start for each in read.exchanges] == [0, 16]
    assert [at for at, _ in read.gaps] == [6, 22, 22]
    assert read.octets == (12, 8)


def test_an_over_long_line_is_kept_in_part():
    """1 MiB of it; the next line is read as ever."""
    long = [
        Octets(CLIENT, b"NOOP "),
        *(Octets(CLIENT, b"x" * 65536) for _ in range(20)),
        Octets(CLIENT, b"\r\nQUIT\r\n"),
    ]
    read = read_session(
        connection("", events=[*connection("S: 220 hi").events, *long, Octets(SERVER, b"500 no\r\n221 bye\r\n")])
    )
    assert talk(read) == [("NOOP", 500), ("QUIT", 221)]
    command = read.exchanges[0].command
    assert (len(command.raw), command.span.stop) == (1 << 20, 20 * 65536 + 7)
    assert read.exchanges[1].command.span.start == 20 * 65536 + 7
    assert "over-long-line" in kinds(read)


def test_places_of_joined_packets():
    """An event may hold several packets; each octet knows its own."""
    stream = Stream(CLIENT)
    stream.feed(Octets(CLIENT, b"NOOP\r\nQU", 10, 1, places=((6, 20, 2),)))
    stream.feed(Octets(CLIENT, b"IT\r\n", 30, 3, exactness=Exactness.DECODED))
    assert stream.line() == b"NOOP\r\n"
    assert stream.line() == b"QUIT\r\n"
    assert stream.span(6) == Span(CLIENT, 6, 12, 20, 2)
    assert [stream.place(at)[1] for at in (0, 5, 6, 7, 8, 11)] == [1, 1, 2, 2, 3, 3]
    assert (stream.exactness(7), stream.exactness(8)) == (Exactness.SEEN, Exactness.DECODED)


def test_nothing_behind_a_gap_is_within_reach():
    """Until it is crossed; gaps in a row are crossed one by one."""
    stream = Stream(CLIENT)
    stream.feed(Octets(CLIENT, b"NO"))
    stream.feed(Gap(CLIENT, 3, GapReason.LOST))
    stream.feed(Gap(CLIENT, None, GapReason.LOST))
    stream.feed(Octets(CLIENT, b"QUIT\r\n"))
    assert (stream.line(), stream.exhausted, stream.end) == (None, True, 11)
    stream.cross()
    assert (len(stream), stream.position) == (0, 5)
    stream.cross()
    assert (stream.line(), stream.gap) == (b"QUIT\r\n", None)


def test_reading_again_from_a_mark():
    """What came since stays within reach."""
    stream = Stream(CLIENT)
    stream.feed(Octets(CLIENT, b"abc"))
    stream.take(1)
    stream.mark(1)
    stream.take()
    stream.feed(Octets(CLIENT, b"def", None, 2))
    stream.take()
    assert stream.look(1) == b"bcdef"
    stream.rewind(2)
    assert (stream.take(), stream.place(3)) == (b"cdef", (None, 2))


def test_octets_that_wait_are_held_without_copying_them_again_and_again():
    """A mebibyte in single octets is read as one line, and old places are forgotten on the way."""
    stream = Stream(CLIENT)
    for number in range(20_000):
        stream.feed(Octets(CLIENT, b"ab\n", None, number))
        if number % 2:
            assert stream.line() == b"ab\n"
    assert (stream.position, len(stream)) == (30_000, 30_000)
    assert stream.place(30_000) == (None, 10_000)


def test_a_place_where_there_are_no_octets():
    """Nothing is known of it."""
    stream = Stream(CLIENT)
    assert (stream.place(0), stream.exactness(0), stream.fresh, stream.first()) == (
        (None, None),
        Exactness.SEEN,
        False,
        -1,
    )
