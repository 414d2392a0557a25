"""Sessions that a log interleaves: in the order they began, each as soon as it is over, few held at a time."""

from __future__ import annotations

from smtptrace.transcripts._sessions import IN_ORDER, LATE, SILENT, SWEEP, Sessions


def passing(sessions: Sessions[str], rows: int) -> list[str]:
    """What comes out while rows of other sessions pass."""
    return [item for _ in range(rows) for item in (sessions.get(b"other"), *sessions.over()) if item]


def test_in_the_order_they_began() -> None:
    """The one that began first comes first, even if it ends last."""
    sessions = Sessions[str]()
    sessions.begin(b"a", "A")
    sessions.begin(b"b", "B")
    sessions.end(b"b")
    assert passing(sessions, LATE + 2 * SWEEP) == []
    assert list(sessions.rest()) == ["A", "B"]


def test_over_a_while_after_its_end() -> None:
    """Rows that come late belong to it still; after enough others it comes out, and its key is free again."""
    sessions = Sessions[str]()
    sessions.begin(b"a", "A")
    sessions.end(b"a")
    assert passing(sessions, LATE - SWEEP) == []
    assert sessions.get(b"a") == "A"
    sessions.end(b"a")
    assert passing(sessions, LATE + 2 * SWEEP) == ["A"]
    assert sessions.get(b"a") is None


def test_the_next_of_a_key_ends_the_one_before() -> None:
    """A process that serves another client has done with the first."""
    sessions = Sessions[str]()
    sessions.begin(b"a", "A")
    sessions.begin(b"a", "B")
    assert list(sessions.over()) == ["A"]
    assert list(sessions.rest()) == ["B"]


def test_silent_for_long() -> None:
    """One that the log never ends is over when nothing was told of it for very long."""
    sessions = Sessions[str]()
    sessions.begin(b"a", "A")
    assert passing(sessions, SILENT + 2 * SWEEP) == ["A"]


def test_few_are_held() -> None:
    """Many that are over do not wait for one that goes on."""
    sessions = Sessions[str]()
    sessions.begin(b"long", "long")
    out: list[str] = []
    for number in range(3 * IN_ORDER):
        sessions.get(b"long")
        sessions.begin(b"short", str(number))
        out += sessions.over()
    assert len(out) > IN_ORDER
    assert out == [str(number) for number in range(len(out))]
