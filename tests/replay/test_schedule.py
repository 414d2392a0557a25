"""Sessions that overlapped are played at once, others one after the other."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.replay.schedule import one_by_one, overlapping
from smtptrace.replay.script import Seen

UNKNOWN = Seen()


def seen(start: int, end: int) -> Seen:
    return Seen(None, start, end)


def begun(play):
    """What begins a session of which only the rest matters."""
    return lambda at: lambda: play(at)


def never(_: object) -> bool:
    return False


def nothing() -> None:
    pass


class Played:
    """Which sessions ran when each began."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running: set[int] = set()
        self.beside: dict[int, set[int]] = {}
        self.began: list[int] = []

    def __call__(self, at: int):
        """Begin a session."""
        self.began.append(at)
        with self.lock:
            self.beside[at] = set(self.running)
            self.running.add(at)
        return lambda: self._end(at)

    def _end(self, at: int) -> int:
        with self.lock:
            self.running.discard(at)
        return at


def test_one_by_one():
    """In order, up to one that ends it."""
    assert list(one_by_one(3, lambda at: at, never)) == [0, 1, 2]
    assert list(one_by_one(3, lambda at: at, lambda outcome: outcome == 1)) == [0, 1]


def test_those_that_overlapped_run_at_once():
    """Each waits for the other to have begun; alone, neither would end."""
    barrier = threading.Barrier(2, timeout=20)
    times = [seen(0, 10), seen(5, 20)]
    assert list(overlapping(times, begun(lambda at: barrier.wait() >= 0 and at), never, nothing, 8)) == [0, 1]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=12), st.integers(1, 4))
def test_nothing_overlaps_that_did_not(drawn, most):
    """Nor do more than so many run, and the outcomes come in the recorded order."""
    times = [seen(start, start + length) for start, length in sorted(drawn)]
    played = Played()
    assert list(overlapping(times, played, never, nothing, most)) == list(range(len(times)))
    assert played.began == list(range(len(times)))
    for at, beside in played.beside.items():
        assert len(beside) < most
        assert all(times[other].end_ns > times[at].start_ns for other in beside if other < at)


@pytest.mark.parametrize("times", [[UNKNOWN] * 4, [seen(0, 9), UNKNOWN, seen(1, 5), Seen(None, 2, None)]])
def test_without_times_nothing_overlaps(times):
    """What is not known to have been at once is played apart."""
    played = Played()
    list(overlapping(times, played, never, nothing, 8))
    assert played.beside[1] == set()
    assert played.began == [0, 1, 2, 3]


def test_an_outcome_that_ends_it():
    """No session is begun after it."""
    times = [seen(at, at + 1) for at in range(5)]
    assert list(overlapping(times, begun(lambda at: at), lambda outcome: outcome == 1, nothing, 8)) == [0, 1]


def test_a_run_that_is_broken_off():
    """Those that run are told, so that it comes to an end."""
    halted = threading.Event()
    times = [seen(0, 1), seen(1, 9), seen(2, 9)]

    def play(at: int) -> int:
        assert at == 0 or halted.wait(20)
        return at

    outcomes = overlapping(times, begun(play), never, halted.set, 8)
    assert next(outcomes) == 0
    outcomes.close()
    assert halted.is_set()


def test_a_session_that_fails_fails_the_run():
    """An error of ours is not an outcome, and the others are told."""
    halted = threading.Event()
    with pytest.raises(ZeroDivisionError):
        list(overlapping([seen(0, 1), seen(2, 3)], begun(lambda at: 1 // at), never, halted.set, 8))
    assert halted.is_set()
