"""The lines of a text: kept as octets alone, with their numbers only while they are looked at."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple, overload


class Line(NamedTuple):
    """One line without its end; `number` counts the lines of the source from 1."""

    number: int
    data: bytes
    changed: bool = False


class Lines(Sequence[Line]):
    """Lines that follow each other, the first with the number `first`; `foreign` ones were of another charset."""

    __slots__ = ("_foreign", "first", "octets")

    def __init__(self, octets: Sequence[bytes], first: int = 1, *, foreign: bool = False) -> None:
        self.octets = octets
        self.first = first
        self._foreign = foreign

    def __len__(self) -> int:
        return len(self.octets)

    def __iter__(self) -> Iterator[Line]:
        if self._foreign:
            return (Line(at, data, not data.isascii()) for at, data in enumerate(self.octets, self.first))
        return map(Line, count(self.first), self.octets)

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> Lines: ...
    def __getitem__(self, at: int | slice) -> Line | Lines:
        if isinstance(at, int):
            data = self.octets[at]
            return Line(self.first + at % len(self.octets), data, self._foreign and not data.isascii())
        start, stop, _ = at.indices(len(self.octets))
        if (start, stop) == (0, len(self.octets)):
            return self
        return Lines(self.octets[start:stop], self.first + start, foreign=self._foreign)


def line_end(data: bytes) -> bytes:
    """What ends the lines: LF (and then CRLF too), or CR where there is no LF."""
    return b"\n" if b"\n" in data else b"\r"


def split(data: bytes) -> list[bytes]:
    """The lines of a text without their ends."""
    lines = data.split(line_end(data))
    if not lines[-1]:
        lines.pop()
    return [line.rstrip(b"\r\0") for line in lines]


class SourceLines(Sequence[bytes]):
    """The lines of a text as stored, found when they are first asked for; a frame is a number among them, from 1."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: array[int] | None = None

    def __len__(self) -> int:
        return len(self._found()) - 1

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        starts = self._found()
        at = range(len(self))[at]
        return self._data[starts[at] : starts[at + 1]].rstrip(b"\r\n\0")

    def _found(self) -> array[int]:
        """Where the lines begin, and where the last one ends."""
        if self._starts is None:
            starts, end, at = array("Q"), line_end(self._data), 0
            while at < len(self._data):
                starts.append(at)
                at = self._data.find(end, at) + 1 or len(self._data)
            starts.append(len(self._data))
            self._starts = starts
        return self._starts
