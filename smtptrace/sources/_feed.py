"""Reads a stream in large pieces and keeps the tail."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

Read = Callable[[int], bytes]

PIECE = 128 * 1024
"""Octets asked for at a time; larger fresh reads fault pages in and are slower."""


def reader(stream: BinaryIO) -> Read:
    """The read of a stream that returns what is there without waiting for more."""
    read: Read = getattr(stream, "read1", None) or stream.read
    return read


def fill(read: Read, buffer: bytes, at: int, need: int) -> bytes:
    """The buffer from `at` on with at least `need` octets; fewer only where the stream ends."""
    pieces = [buffer[at:]]
    have = len(pieces[0])
    while have < need:
        piece = read(PIECE)
        if not piece:
            break
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)
