"""Sessions that a log interleaves, each given out as soon as it is over, so that few of them are held at a time."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

LATE = 1000
"""Rows of the log for which a session that ended is kept: some of its rows may come late."""

SILENT = 100_000
"""Rows of the log after which a session that was not told of any more counts as over."""

SWEEP = 256
"""Rows after which it is looked what is over."""

IN_ORDER = 1000
"""Sessions that wait at most for one that began before them and goes on."""


@dataclass(slots=True)
class Held(Generic[T]):
    """A session with the number of its last row, and whether it is over."""

    item: T
    last: int
    over: bool = False


class Sessions(Generic[T]):
    """The sessions of a log by their keys; those that are over come out in the order they began."""

    def __init__(self) -> None:
        self._open: OrderedDict[bytes, Held[T]] = OrderedDict()
        self._ended: deque[tuple[int, bytes]] = deque()
        self._begun: deque[Held[T]] = deque()
        self._rows = 0
        self._most = IN_ORDER

    def get(self, key: bytes) -> T | None:
        """The session that the next row belongs to, None where none of that key is open."""
        self._rows += 1
        held = self._open.get(key)
        if held is None:
            return None
        held.last = self._rows
        self._open.move_to_end(key)
        return held.item

    def begin(self, key: bytes, item: T) -> T:
        """Another session of this key; the one before it is over."""
        before = self._open.pop(key, None)
        if before is not None:
            before.over = True
        held = self._open[key] = Held(item, self._rows)
        self._begun.append(held)
        return item

    def end(self, key: bytes) -> None:
        """The log tells that the session ended."""
        self._ended.append((self._rows, key))

    def over(self) -> Iterator[T]:
        """The sessions that are over."""
        if self._rows % SWEEP == 0:
            self._sweep()
        while self._begun and self._begun[0].over:
            yield self._begun.popleft().item
        if len(self._begun) > self._most:
            yield from [held.item for held in self._begun if held.over]
            self._begun = deque(held for held in self._begun if not held.over)
            self._most = max(IN_ORDER, 2 * len(self._begun))

    def rest(self) -> Iterator[T]:
        """All that are left at the end of the log."""
        yield from (held.item for held in self._begun)

    def _sweep(self) -> None:
        while self._ended and self._ended[0][0] + LATE < self._rows:
            _, key = self._ended.popleft()
            self._close(key, LATE)
        while self._open and next(iter(self._open.values())).last + SILENT < self._rows:
            self._close(next(iter(self._open)), SILENT)

    def _close(self, key: bytes, silent: int) -> None:
        held = self._open.get(key)
        if held is not None and held.last + silent < self._rows:
            held.over = True
            del self._open[key]
