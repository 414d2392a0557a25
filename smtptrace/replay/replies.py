"""Replies out of the octets that a target sends; bounded, for a target may send anything."""

from __future__ import annotations

import re

from smtptrace.grammar import without_line_end

MOST_OCTETS = 256 * 1024
"""Octets of one reply."""

_LINE = re.compile(rb"[2-5][0-9][0-9](?:[ -]|$)")


class BrokenReplyError(Exception):
    """What the target sends is no reply."""


class ReplyBuffer:
    """Collects octets and gives whole replies (RFC 5321, 4.2)."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._lines: list[bytes] = []
        self._size = 0

    def feed(self, octets: bytes) -> None:
        """Take octets as they come.

        Raises:
            BrokenReplyError: one reply is longer than any reply may be.
        """
        self._octets += octets
        if len(self._octets) + self._size > MOST_OCTETS:
            raise BrokenReplyError(f"a reply of more than {MOST_OCTETS} octets")

    def take(self) -> tuple[bytes, ...] | None:
        """The lines of the next whole reply, None while there is none.

        Raises:
            BrokenReplyError: a line is none of a reply, or the lines have different codes.
        """
        while (end := self._octets.find(b"\n")) >= 0:
            line = without_line_end(bytes(self._octets[: end + 1]))
            del self._octets[: end + 1]
            self._check(line)
            self._lines.append(line)
            self._size += end + 1
            if line[3:4] != b"-":
                lines, self._lines, self._size = tuple(self._lines), [], 0
                return lines
        return None

    def _check(self, line: bytes) -> None:
        if not _LINE.match(line) or (self._lines and self._lines[0][:3] != line[:3]):
            raise BrokenReplyError(f"no SMTP reply: {line[:60]!a}")

    @property
    def rest(self) -> int:
        """Octets that are here and belong to no reply yet."""
        return len(self._octets) + self._size
