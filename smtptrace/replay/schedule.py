"""Many sessions: one after the other, or those at once that overlapped in the recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from smtptrace.replay.script import Seen

T = TypeVar("T")

_LOOK_S = 0.2


def one_by_one(count: int, play: Callable[[int], T], ends: Callable[[T], bool]) -> Iterator[T]:
    """Play the sessions 0 to `count` - 1, each after the one before it; none is begun after an outcome that `ends`."""
    for at in range(count):
        outcome = play(at)
        yield outcome
        if ends(outcome):
            return


def overlapping(
    times: Sequence[Seen],
    begin: Callable[[int], Callable[[], T]],
    ends: Callable[[T], bool],
    halt: Callable[[], None],
    most: int,
) -> Iterator[T]:
    """Play sessions so that they overlap as they did, begun in their order; outcomes come in that order too.

    A session begins when those have ended here that had ended in the recording before it began. One without times
    overlaps with nothing.

    Args:
        times: when each session was recorded, in the order of their beginnings.
        begin: begins the session of this index; what it gives plays it to its end, in a thread of its own.
        ends: whether no session is to be begun after this outcome; those that run come to their end.
        halt: makes those that run end at once; called where the whole is broken off.
        most: so many run at once at the most.
    """
    running: dict[Future[T], Seen] = {}
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(most, "replay") as pool:
        try:
            for at, mine in enumerate(times):
                ended = _ended(running, mine, most)
                while waiting and waiting[0].done():
                    yield waiting.popleft().result()
                if any(ends(each.result()) for each in ended):
                    break
                waiting.append(pool.submit(begin(at)))
                running[waiting[-1]] = mine
            while waiting:
                _until(waiting[0])
                yield waiting.popleft().result()
        except BaseException:
            halt()
            raise


def _ended(running: dict[Future[T], Seen], mine: Seen, most: int) -> list[Future[T]]:
    """Wait until a session may begin; gives those that have ended, and takes them out of those that run."""
    for each, theirs in running.items():
        if _is_before(theirs, mine):
            _until(each)
    while len(alive := [each for each in running if not each.done()]) >= most:
        wait(alive, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
    ended = [each for each in running if each.done()]
    for each in ended:
        del running[each]
    return ended


def _until(one: Future[T]) -> None:
    """Wait for its end, and look up now and then: a signal that comes just before a wait does not end that."""
    while not one.done():
        wait([one], timeout=_LOOK_S)


def _is_before(one: Seen, two: Seen) -> bool:
    """Whether the first had ended in the recording when the second began, as far as that is known."""
    return one.end_ns is None or two.start_ns is None or one.end_ns <= two.start_ns
