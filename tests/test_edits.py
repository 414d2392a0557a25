"""Octets replaced where they stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.connections import CLIENT, SERVER, START, connections, dialogue, streams

from smtptrace import edits
from smtptrace.edits import Edit
from smtptrace.wire import Exactness, Gap, GapReason, Octets, Side


def test_octets_of_another_length_stand_where_the_old_ones_did() -> None:
    """Before and after them nothing changes, and neither do time and frame."""
    said = dialogue("S: 220 a", "C: EHLO app01", "S: 250 ok", "C: QUIT")
    changed = edits.apply(said, [Edit(CLIENT, 5, 10, b"a-longer-name")])
    assert streams(changed) == (b"EHLO a-longer-name\r\nQUIT\r\n", streams(said)[1])
    assert [event.frame for event in changed.events] == [1, 2, 3, 4]


def test_an_edit_over_several_packets_of_one_event() -> None:
    """A line typed octet by octet: the same length keeps each octet in its packet, another goes to the first."""
    typed = Octets(CLIENT, b"alice\r\n", START, 1, places=tuple((at, START + at, at + 1) for at in range(1, 7)))
    same = edits.apply(dialogue(typed), [Edit(CLIENT, 0, 5, b"*****")])
    assert [(event.data, event.frame) for event in same.events] == [
        (b"*", 1), (b"*", 2), (b"*", 3), (b"*", 4), (b"*", 5), (b"\r", 6), (b"\n", 7)
    ]  # fmt: skip
    other = edits.apply(dialogue(typed), [Edit(CLIENT, 0, 5, b"user1234")])
    assert [(event.data, event.frame) for event in other.events] == [(b"user1234", 1), (b"\r", 6), (b"\n", 7)]


def test_an_edit_over_several_events() -> None:
    """The same over events, with the other side between them."""
    said = dialogue(Octets(CLIENT, b"al", START), "S: x", Octets(CLIENT, b"ice\r\n", START))
    changed = edits.apply(said, [Edit(CLIENT, 0, 5, b"bob")])
    assert streams(changed) == (b"bob\r\n", b"x\r\n")


def test_offsets_count_the_missing_octets() -> None:
    """As spans do."""
    said = dialogue("C: one", Gap(CLIENT, 100, GapReason.LOST), "C: two")
    assert streams(edits.apply(said, [Edit(CLIENT, 105, 108, b"2")]))[0] == b"one\r\n2\r\n"
    assert edits.runs(said)[CLIENT] == [(0, b"one\r\n"), (105, b"two\r\n")]


def test_only_the_edited_lines_are_less_exact() -> None:
    """The others of the same packet stay as seen."""
    said = dialogue("C: AUTH PLAIN\r\nAGFsaWNlAHB3\r\nQUIT")
    masked = edits.apply(said, [Edit(CLIENT, 12, 24, b"*" * 12, Exactness.MASKED)])
    assert [(event.data, event.exactness) for event in masked.events] == [
        (b"AUTH PLAIN\r\n", Exactness.SEEN),
        (b"************\r\n", Exactness.MASKED),
        (b"QUIT\r\n", Exactness.SEEN),
    ]


def test_of_two_that_overlap_the_first_counts() -> None:
    """The second takes away the rest of what it stands for; an edit of nothing is none."""
    said = dialogue("C: abcdef")
    asked = [Edit(CLIENT, 2, 4, b"Y"), Edit(CLIENT, 0, 3, b"X"), Edit(CLIENT, 4, 4, b"Z")]
    assert streams(edits.apply(said, asked))[0] == b"Xef\r\n"
    assert edits.apply(said, asked[2:]) is said


@given(connections(), st.lists(st.tuples(st.sampled_from(Side), st.integers(0, 300), st.integers(1, 50)), max_size=5))
def test_masking_changes_only_what_is_masked(connection: object, places: list[tuple[Side, int, int]]) -> None:
    """Same lengths, and every octet outside the edits stays."""
    asked = [Edit(side, start, start + size, b"*" * size, Exactness.MASKED) for side, start, size in places]
    changed = edits.apply(connection, asked)  # type: ignore[arg-type]
    for side in Side:
        before, after = edits.runs(connection)[side], edits.runs(changed)[side]  # type: ignore[arg-type]
        assert [(start, len(octets)) for start, octets in before] == [(start, len(octets)) for start, octets in after]
        hidden = {at for edit in asked if edit.side is side for at in range(edit.start, edit.stop)}
        for (start, old), (_, new) in zip(before, after, strict=True):
            assert all(new[at] == (ord("*") if start + at in hidden else old[at]) for at in range(len(old)))


def test_octets_stand_in_the_order_of_their_packets() -> None:
    """Where one side was given after the other; what has no frame stays at its place."""
    asked = Octets(CLIENT, b"ABC", START, 1, places=((1, START, 3), (2, START, 5)))
    answered = Octets(SERVER, b"xyz", START, 2, places=((1, START, 4), (2, START, 6)))
    lost = Gap(SERVER, 5, GapReason.LOST)
    ordered = edits.in_frame_order(dialogue(asked, answered, lost))
    assert b"".join(event.data for event in ordered.events if isinstance(event, Octets)) == b"AxByCz"
    assert ordered.events[-1] is lost
    said = dialogue("S: 220 a", "C: QUIT", lost)
    assert edits.in_frame_order(said) is said
