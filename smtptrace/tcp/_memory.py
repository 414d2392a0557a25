"""What was seen not long ago."""

from __future__ import annotations

from typing import Generic, TypeVar

_V = TypeVar("_V")


class Memory(Generic[_V]):
    """A mapping that keeps at least its last `size` keys, and at most twice as many; older ones are forgotten."""

    __slots__ = ("_new", "_old", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: dict[bytes, _V] = {}
        self._old: dict[bytes, _V] = {}

    def put(self, key: bytes, value: _V) -> None:
        """Remember a key."""
        if len(self._new) >= self._size:
            self._old, self._new = self._new, {}
        self._new[key] = value

    def get(self, key: bytes) -> _V | None:
        """The value of a key, None where it is not known."""
        return self._new.get(key) or self._old.get(key)

    def __contains__(self, key: bytes) -> bool:
        return key in self._new or key in self._old

    def forget(self, key: bytes) -> None:
        """Forget a key."""
        self._new.pop(key, None)
        self._old.pop(key, None)
