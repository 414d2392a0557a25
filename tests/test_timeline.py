"""Several files as one timeline."""

from __future__ import annotations

from smtptrace import timeline
from smtptrace.segment import Segment
from smtptrace.wire import PART_BITS, Connection, Endpoint, Note, Octets, Origin, Side


def _segment(frame: int, time_ns: int) -> Segment:
    return (b"k" * 12, frame, time_ns, 0, 0, 16, b"", 0)


def test_packets_of_all_parts_come_by_time_and_know_their_part() -> None:
    """The upper bits of the frame name the part."""
    first, second = [_segment(1, 10), _segment(2, 30)], [_segment(1, 20)]
    merged = list(timeline.of([iter(first), iter(second)]))
    assert [segment[1:3] for segment in merged] == [(1, 10), ((1 << PART_BITS) + 1, 20), (2, 30)]


def test_one_part_stays_as_it_is() -> None:
    """A single file needs no numbering."""
    segments = [_segment(1, 10)]
    assert list(timeline.of([iter(segments)])) == segments


def test_moving_the_clock_moves_every_time() -> None:
    """Nothing but the time changes."""
    assert list(timeline.moved([_segment(1, 10)], -3)) == [_segment(1, 7)]


def test_moving_the_clock_of_a_text_moves_what_has_a_time() -> None:
    """Places within octets too; what has no time has none afterwards."""
    events = (Octets(Side.SERVER, b"220 hi\r\n", 10, 1, places=[(4, 20, 2)]), Note("beside", None, 3))
    connection = Connection(Endpoint("a", 0), Endpoint("b", 25), Origin("text", "dialogue"), 1, 10, events)
    moved = timeline.moved_connection(connection, 5)
    octets, note = moved.events
    assert isinstance(octets, Octets)
    assert (moved.time_ns, octets.time_ns, list(octets.places), note.time_ns) == (15, 15, [(4, 25, 2)], None)
    assert connection.events == events and events[0].time_ns == 10


def test_silences_are_noted_where_they_are_longer_than_asked() -> None:
    """A packet from the past makes no silence and does not set the clock back."""
    silences: list[tuple[int, int]] = []
    segments = [_segment(1, 0), _segment(2, 5), _segment(3, 100), _segment(4, 50), _segment(5, 105)]
    assert list(timeline.watched(segments, 10, silences)) == segments
    assert silences == [(5, 100)]
