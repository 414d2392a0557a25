"""gzip, zstd, xz and bz2 around an input, recognised by magic number and read as a stream."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

_MAGICS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\0": "xz", b"BZh": "bz2"}

MAGIC_OCTETS = 6
"""Octets that `container_of` needs."""

_PIECE = 1024 * 1024
_MOST_MEMORY = 256 * 1024 * 1024
_LARGEST_WINDOW = 128 * 1024 * 1024


class DecompressError(Exception):
    """The compressed octets are damaged; the text is the reason."""


class _Decoder(Protocol):
    """What bz2 and lzma agree on."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decoder of one gzip member with the manners of the others."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self.needs_input = not self._decoder.unconsumed_tail and len(piece) < max_length
        return piece


class _Zstd:
    """zstandard's decoder of one frame with the manners of the others.

    It cannot bound what it gives for one call, so it gets few octets at a time: 1 KiB makes 32 MiB at most.
    """

    def __init__(self) -> None:
        import zstandard

        self._decoder = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
        self._waiting = b""

    @property
    def eof(self) -> bool:
        return bool(self._decoder.eof)

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decoder.unused_data) + self._waiting

    def decompress(self, data: bytes, max_length: int) -> bytes:
        data = self._waiting + data
        pieces, size, at = [], 0, 0
        while at < len(data) and size < max_length and not self.eof:
            pieces.append(self._decoder.decompress(data[at : at + 1024]))
            size += len(pieces[-1])
            at += 1024
        self._waiting = data[at:]
        return b"".join(pieces)


def container_of(head: bytes) -> str:
    """The compression whose magic number the first octets are, "" for none."""
    return next((name for magic, name in _MAGICS.items() if head.startswith(magic)), "")


def decompressed(container: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The decompressed octets in pieces of about 1 MiB; raises DecompressError where they are damaged."""
    import bz2
    import lzma

    makers: dict[str, Callable[[], _Decoder]] = {
        "gzip": _Gzip,
        "zstd": _Zstd,
        "bz2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY),
    }
    return _members(container, makers[container], pieces)


def _members(container: str, make: Callable[[], _Decoder], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """All members of a file one after another, as `cat a.gz b.gz` makes them, with or without zeros between."""
    decoder: _Decoder | None = None
    for piece in pieces:
        data = piece
        while data or (decoder and not decoder.needs_input):
            if decoder is None:
                data = data.lstrip(b"\0")
                if not data:
                    break
                decoder = make()
            try:
                octets = decoder.decompress(data, _PIECE)
            except Exception as error:  # zlib, lzma, bz2 and zstandard each have kinds of their own
                raise DecompressError(f"the {container} data is damaged: {error}") from error
            if octets:
                yield octets
            data = b""
            if decoder.eof:
                data, decoder = decoder.unused_data, None
    if decoder is not None:
        raise DecompressError(f"the {container} data is cut off")
