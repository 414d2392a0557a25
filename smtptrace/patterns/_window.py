"""Counting within a sliding window of time, with bounds on what is kept."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MOST_KEYS = 50_000
"""Keys that are followed at a time; the one unseen for longest gives way, and is counted in `dropped`."""

MOST_ITEMS = 2_000
"""Items that are kept of one key; more are counted, not kept."""


class Windows(Generic[K, T]):
    """The last items of each key, not older than `seconds` before the newest of them.

    Items without a time are kept for good: nobody can tell that they are old.
    """

    def __init__(self, seconds: float, keys: int = MOST_KEYS) -> None:
        self._ns = int(seconds * 1e9)
        self._keys = keys
        self._kept: OrderedDict[K, deque[tuple[int | None, T]]] = OrderedDict()
        self.dropped = 0

    def add(self, key: K, time_ns: int | None, item: T) -> list[T]:
        """Add an item; gives all items of its key that lie in the window now."""
        items = self._kept.get(key)
        if items is None:
            items = self._kept[key] = deque(maxlen=MOST_ITEMS)
            if len(self._kept) > self._keys:
                self._kept.popitem(last=False)
                self.dropped += 1
        else:
            self._kept.move_to_end(key)
        items.append((time_ns, item))
        if time_ns is not None:
            while items[0][0] is not None and items[0][0] < time_ns - self._ns:
                items.popleft()
        return [each for _, each in items]


class Best(Generic[K, T]):
    """The greatest thing seen for each key, for a report at the end."""

    def __init__(self, size: Callable[[T], float]) -> None:
        self._size = size
        self._best: dict[K, T] = {}

    def offer(self, key: K, item: T) -> None:
        """Keep the item if it is greater than what is kept for its key."""
        if key in self._best:
            if self._size(item) > self._size(self._best[key]):
                self._best[key] = item
        elif len(self._best) < MOST_KEYS:
            self._best[key] = item

    def items(self) -> Iterator[tuple[K, T]]:
        """What was kept, in the order the keys came."""
        return iter(self._best.items())
