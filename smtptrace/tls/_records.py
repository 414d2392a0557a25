"""The TLS record layer of one side: which records there are, and the handshake messages that are still in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
OLD_HELLO = 128
"""The ClientHello of SSL 2.0, in which old clients offered TLS (RFC 5246, E.2)."""
_CLEAR = 4096
_HEADER = re.compile(rb"[\x14-\x18]\x03[\x00-\x04][\x00-\x47]")
"""Kind, version and the upper half of a length up to 2^14 + 2047 (RFC 5246, 6.2.3)."""
_OLD_HEADER = re.compile(rb"\x80[\x00-\xff]\x01[\x00\x03][\x00-\x04]")
_HEADER_BEGUN = re.compile(rb"[\x14-\x18](?:\x03[\x00-\x04]?)?\Z|\x80(?:[\x00-\xff](?:\x01[\x00\x03]?)?)?\Z")


class Record(NamedTuple):
    """One record, or the rest of one whose content is of no use; `size` counts its octets."""

    kind: int
    content: bytes
    size: int


class Records:
    """Cuts the octets of one side into records.

    Octets in front of the first record are in clear, and so is everything after octets that are no record: `clear`
    keeps the first 4 KiB of them, `clear_octets` counts them. The content of application data is not kept.
    """

    __slots__ = ("_buffer", "_is_clear", "_is_lost", "_skip", "begun", "clear", "clear_octets")

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 0
        self.begun = False
        self._is_clear = False
        self._is_lost = False
        self.clear = b""
        self.clear_octets = 0

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that the next octets complete."""
        if self._is_lost:
            return
        if self._skip:
            skipped, data = data[: self._skip], data[self._skip :]
            self._skip -= len(skipped)
        data = self._buffer + data
        self._buffer = b""
        at = 0
        while at < len(data) and not self._is_clear and not _HEADER_BEGUN.match(data, at):
            if not self.begun and _OLD_HEADER.match(data, at):
                size = data[at + 1]
                if len(data) - at < size + 2:
                    break
                self.begun = True
                yield Record(OLD_HELLO, data[at + 2 : at + 2 + size], size + 2)
                at += size + 2
                continue
            if not _HEADER.match(data, at):
                at = self._resume(data, at)
                continue
            if len(data) - at < 5:
                break
            size = int.from_bytes(data[at + 3 : at + 5])
            self.begun = True
            if data[at] == APPLICATION_DATA:
                yield Record(APPLICATION_DATA, b"", size + 5)
                self._skip = max(0, at + 5 + size - len(data))
            elif len(data) - at < size + 5:
                break
            else:
                yield Record(data[at], data[at + 5 : at + 5 + size], size + 5)
            at += size + 5
        if self._is_clear:
            self._keep_clear(data[at:])
        else:
            self._buffer = data[at:]

    def lose(self) -> None:
        """Octets are missing here: where the next record begins cannot be told."""
        self._is_lost = True

    def _resume(self, data: bytes, at: int) -> int:
        """Where the first record may begin; everything is in clear where there was one already."""
        if self.begun:
            self._is_clear = True
            return at
        found = _HEADER.search(data, at) or _OLD_HEADER.search(data, at) or _HEADER_BEGUN.search(data, at)
        stop = found.start() if found else len(data)
        self._keep_clear(data[at:stop])
        return stop

    def _keep_clear(self, octets: bytes) -> None:
        self.clear_octets += len(octets)
        self.clear += octets[: _CLEAR - len(self.clear)]
