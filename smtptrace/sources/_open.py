"""Opens an input for everybody: a path or standard input, decompressed as it is read, with its digests."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Self, cast

from smtptrace.errors import UnreadableError
from smtptrace.sources._decompress import MAGIC_OCTETS, DecompressError, container_of, decompressed
from smtptrace.sources._feed import PIECE, reader
from smtptrace.sources._pcap import MAGICS as PCAP_MAGICS
from smtptrace.sources._pcapng import MAGIC as PCAPNG_MAGIC

HEAD = 4096
"""Octets of the head that a text is recognised by; a live capture has fewer at first."""

CAPTURE_MAGICS = (*PCAP_MAGICS, PCAPNG_MAGIC)


@dataclass(frozen=True, slots=True)
class Expansion:
    """How far decompressing may go: `ratio` times the octets read, and `free` octets in any case."""

    ratio: int = 200
    free: int = 64 * 1024 * 1024

    def allowed(self, stored: int) -> int:
        """The most octets that `stored` ones may become."""
        return max(self.free, self.ratio * stored)


DEFAULT_EXPANSION = Expansion()


class Pieces(io.BufferedIOBase):
    """Octets that come in pieces as a stream; `read1` gives what is there, without waiting and without a copy.

    `path` names the file that holds just these octets, for tools that must open it themselves.
    """

    def __init__(self, pieces: Iterator[bytes], path: str | None = None) -> None:
        self.path = path
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def peek(self, size: int = 1) -> bytes:
        """At least one octet without taking it; none at the end."""
        while size and not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest = piece
        return self._rest

    def read1(self, size: int | None = -1, /) -> bytes:
        """At most `size` octets of those that are there."""
        piece = self.peek()
        if size is None or size < 0 or len(piece) <= size:
            self._rest = b""
            return piece
        self._rest = piece[size:]
        return piece[:size]

    def read(self, size: int | None = -1, /) -> bytes:
        """Exactly `size` octets, fewer only at the end; all of them if it is negative."""
        missing = sys.maxsize if size is None or size < 0 else size
        taken = []
        while missing:
            piece = self.read1(missing)
            if not piece:
                break
            taken.append(piece)
            missing -= len(piece)
        return b"".join(taken)


class Input:
    """One opened input, a context manager.

    `head` holds its first octets, which `stream` gives again: at least 8 of a capture, 4096 of anything else, where
    there are as many. `container` names the compression ("" for none). Reading raises UnreadableError where the
    input cannot be read on; `octets` keeps what was read and puts the reason into `damage` instead.
    """

    def __init__(self, path: str, raw: BinaryIO, expansion: Expansion) -> None:
        self.path = path
        self.size = 0
        self.damage: str | None = None
        self._raw = raw
        self._expansion = expansion
        self._stored, self._content = hashlib.sha256(), hashlib.sha256()
        self._content_size = 0
        self._before = _state(raw)
        start, stored = _behead(self._read_raw(), lambda head: len(head) >= MAGIC_OCTETS)
        self.container = container_of(start)
        content = self._expanded(stored) if self.container else stored
        self.head, pieces = _behead(content, _is_enough)
        self.stream = cast(BinaryIO, Pieces(pieces, path if self._before and not self.container else None))

    def octets(self, most: int) -> bytes:
        """The rest of the input, at most so many octets."""
        pieces, missing = [], most
        try:
            while missing and (piece := self.stream.read1(missing)):  # type: ignore[attr-defined]
                pieces.append(piece)
                missing -= len(piece)
        except UnreadableError as error:
            self.damage = str(error)
        return b"".join(pieces)

    @property
    def content_size(self) -> int:
        """The number of decompressed octets that were read."""
        return self._content_size if self.container else self.size

    def sha256(self) -> str:
        """The digest of the input as stored, in hex; reads what was not read yet."""
        for _ in self._read_raw():
            pass
        return self._stored.hexdigest()

    def content_sha256(self) -> str:
        """The digest of the decompressed octets that were read, in hex."""
        return self._content.hexdigest() if self.container else self.sha256()

    def changed(self) -> bool:
        """Whether the file's size or time of change is another than when it was opened."""
        return _state(self._raw) != self._before

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._raw is not sys.stdin.buffer:
            self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_raw(self) -> Iterator[bytes]:
        read = reader(self._raw)
        try:
            while piece := read(PIECE):
                self.size += len(piece)
                self._stored.update(piece)
                yield piece
        except OSError as error:
            raise UnreadableError(f"{self.path}: {_why(error)}") from error

    def _expanded(self, stored: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for piece in decompressed(self.container, stored):
                self._content_size += len(piece)
                if self._content_size > self._expansion.allowed(self.size):
                    raise DecompressError(f"decompressing gives more than {self._expansion.ratio} times its size")
                self._content.update(piece)
                yield piece
        except DecompressError as error:
            raise UnreadableError(f"{self.path}: {error}") from error


def open_input(path: str, expansion: Expansion = DEFAULT_EXPANSION) -> Input:
    """Open a file, or standard input for "-".

    Raises UnreadableError, in one line with the file and the reason, where there is nothing to read.
    """
    try:
        raw = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115 - Input closes it
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path}: {_why(error)}") from error
    try:
        return Input(path, cast(BinaryIO, raw), expansion)
    except UnreadableError:
        if path != "-":
            raw.close()
        raise


def expand(paths: Iterable[str]) -> list[str]:
    """The paths with wildcards replaced by what they match, sorted; the Windows shell leaves that to us."""
    found: list[str] = []
    for path in paths:
        if glob.has_magic(path) and not Path(path).exists():
            found += sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207 - a pattern has no base folder
        else:
            found.append(path)
    return found


def _behead(pieces: Iterator[bytes], enough: Callable[[bytes], bool]) -> tuple[bytes, Iterator[bytes]]:
    """The first octets, as soon as they are enough, and all the pieces again; damage behind them comes later."""
    head = b""
    try:
        for piece in pieces:
            head += piece
            if enough(head):
                break
    except UnreadableError as error:
        if not head:
            raise
        pieces = _raising(error)
    return head[:HEAD], chain([head] if head else [], pieces)


def _raising(error: UnreadableError) -> Iterator[bytes]:
    raise error
    yield b""  # makes this a generator


def _is_enough(head: bytes) -> bool:
    return len(head) >= HEAD or (len(head) >= 8 and head.startswith(CAPTURE_MAGICS))


def _state(raw: BinaryIO) -> tuple[int, int] | None:
    """Size and time of change of a regular file."""
    try:
        state = os.fstat(raw.fileno())
    except (OSError, ValueError):  # not a file of the system
        return None
    return (state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None


def _why(error: OSError | ValueError) -> str:
    """The system's reason, in its words."""
    reason = getattr(error, "strerror", None) or str(error)
    return reason[:1].lower() + reason[1:]
