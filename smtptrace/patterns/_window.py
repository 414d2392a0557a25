"""Counting within a sliding window of time, with bounds on what is kept."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MOST_KEYS = 50_000
"""Keys that are followed at a time; the one unseen for longest gives way."""

MOST_ITEMS = 2_000
"""Items that are kept of one key; the oldest give way."""


class Window(Generic[T]):
    """The items of one key that lie in its window, the sum of their amounts, and what it held when it was fullest."""

    __slots__ = ("_fullest", "_kept", "_most", "total")

    def __init__(self) -> None:
        self._kept: deque[tuple[int | None, T, int]] = deque()
        self._fullest: list[T] = []
        self._most = -1
        self.total = 0

    def add(self, time_ns: int | None, item: T, amount: int, reach_ns: int) -> None:
        """Take an item, after letting go of those that are too old for it, or too many for it."""
        self.drop_before(None if time_ns is None else time_ns - reach_ns, room=1)
        self._kept.append((time_ns, item, amount))
        self.total += amount

    def drop_before(self, start_ns: int | None, room: int = 0) -> None:
        """Let go of what is older; an item without a time goes with the one behind it."""
        kept = self._kept
        while kept and (
            len(kept) > MOST_ITEMS - room or (start_ns is not None and (kept[0][0] or start_ns) < start_ns)
        ):
            if self.total > self._most:
                self._most, self._fullest = self.total, self.items()
            self.total -= kept.popleft()[2]

    def items(self) -> list[T]:
        """The items, the oldest first."""
        return [item for _, item, _ in self._kept]

    def fullest(self) -> tuple[int, list[T]]:
        """The greatest sum, and the items that made it."""
        return (self._most, self._fullest) if self._most >= self.total else (self.total, self.items())


class Windows(Generic[K, T]):
    """A window of `seconds` for each key; `least` is the sum from which on one is worth a word."""

    def __init__(self, seconds: float, least: int) -> None:
        self._ns = int(seconds * 1e9)
        self._least = least
        self._kept: OrderedDict[K, Window[T]] = OrderedDict()
        self._gone: list[tuple[K, Window[T]]] = []

    def add(self, key: K, time_ns: int | None, item: T, amount: int = 1) -> None:
        """Add an item to the window of its key."""
        window = self._kept.get(key)
        if window is None:
            window = self._kept[key] = Window()
            if len(self._kept) > MOST_KEYS:
                self._let_go(*self._kept.popitem(last=False))
        else:
            self._kept.move_to_end(key)
        window.add(time_ns, item, amount, self._ns)

    def _let_go(self, key: K, window: Window[T]) -> None:
        if window.fullest()[0] >= self._least and len(self._gone) < MOST_KEYS:
            self._gone.append((key, window))

    def end(self, key: K, time_ns: int | None) -> list[T]:
        """Forget a key; gives the items that lay in its window at that time."""
        window = self._kept.pop(key, None)
        if window is None:
            return []
        window.drop_before(None if time_ns is None else time_ns - self._ns)
        return window.items()

    def fullest(self) -> Iterator[tuple[K, list[T]]]:
        """For each key that had enough at a time, the items of its fullest window."""
        for key, window in (*self._gone, *self._kept.items()):
            total, items = window.fullest()
            if total >= self._least:
                yield key, items
