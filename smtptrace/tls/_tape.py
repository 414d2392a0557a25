"""The octets of one side cut into records, past holes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADER = re.compile(rb"[\x14-\x17]\x03[\x00-\x04][\x00-\x48]")
_LONGEST = 5 + (1 << 14) + 2048
_SMALLEST = 5 + 16
"""No record that is protected is shorter."""


class Record(NamedTuple):
    """One record; `header` is its kind and version, three octets."""

    kind: int
    header: bytes
    body: bytes


class Tape:
    """The octets of one side that were not cut yet.

    After a hole that swallowed the header of a record, or at octets that are none, it `is_lost`: then `candidates`
    gives what may be a record, until one of them is taken. `is_over` tells that no more octets come.
    """

    def __init__(self) -> None:
        self._octets = bytearray()
        self._rest = 0  # octets that are left of a record with a hole
        self._stop = 0
        self.is_lost = False
        self.is_over = False

    def __len__(self) -> int:
        return len(self._octets)

    def feed(self, octets: bytes) -> None:
        """Add the next octets."""
        passed = min(self._rest, len(octets))
        self._rest -= passed
        self._octets += octets[passed:] if passed else octets

    def next(self) -> Record | None:
        """The record at the front; None where it is not whole, or the tape is lost."""
        octets = self._octets
        if self.is_lost or len(octets) < 5:
            return None
        if not _HEADER.match(octets):
            self.is_lost = True
            return None
        stop = 5 + int.from_bytes(octets[3:5])
        if len(octets) < stop:
            return None
        record = Record(octets[0], bytes(octets[:3]), bytes(octets[5:stop]))
        del octets[:stop]
        return record

    def lose(self, size: int | None) -> int:
        """Octets are missing here, so many or nobody knows; how many records may be missing for it."""
        octets, cut = self._octets, 0
        if not self._rest and not self.is_lost and len(octets) >= 5 and _HEADER.match(octets):
            cut = 1
            self._rest = 5 + int.from_bytes(octets[3:5]) - len(octets)
        octets.clear()
        if size is not None and size <= self._rest:
            self._rest -= size
            return cut
        beyond = _LONGEST if size is None else size - self._rest
        self._rest = 0
        self.is_lost = True
        return cut + beyond // _SMALLEST + 1

    def candidates(self) -> Iterator[Record]:
        """Whatever looks like a whole record behind the hole; it ends where one was taken, or more octets must come."""
        octets, at = self._octets, 0
        while found := _HEADER.search(octets, at):
            at = found.start()
            self._stop = at + 5 + int.from_bytes(octets[at + 3 : at + 5])
            if self._stop <= len(octets):
                yield Record(octets[at], bytes(octets[at : at + 3]), bytes(octets[at + 5 : self._stop]))
                if not self.is_lost:
                    return
            elif not self.is_over:
                break
            at += 1
        del octets[: at if found else max(0, len(octets) - 3)]

    def take(self) -> None:
        """The last candidate is a record: what follows it is read on."""
        del self._octets[: self._stop]
        self.is_lost = False
