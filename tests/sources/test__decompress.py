"""Compressed octets as a stream: every container, members one after another, damage and cuts."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Iterator

import pytest
import zstandard

from smtptrace.sources._decompress import DecompressError, container_of, decompressed

COMPRESS = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}
TEXT = b"".join(b"%d bottles of SMTP\r\n" % number for number in range(50_000))

every_container = pytest.mark.parametrize("name", COMPRESS)


def pieces(octets: bytes, size: int) -> Iterator[bytes]:
    return (octets[at : at + size] for at in range(0, len(octets), size))


def expanded(name: str, octets: bytes, size: int = 4096) -> bytes:
    return b"".join(decompressed(name, pieces(octets, size)))


@every_container
@pytest.mark.parametrize("size", [1000, 10_000_000])
def test_a_container_gives_what_was_put_in(name, size):
    """In pieces of any size, and is known by its first octets."""
    octets = COMPRESS[name](TEXT)
    assert container_of(octets[:6]) == name
    assert expanded(name, octets, size) == TEXT


@every_container
def test_octets_one_at_a_time(name):
    """A slow pipe gives the same."""
    assert expanded(name, COMPRESS[name](b"EHLO a\r\n" * 9), 1) == b"EHLO a\r\n" * 9


@every_container
def test_members_one_after_another(name):
    """As cat makes them, with zeros between and behind as padding."""
    octets = COMPRESS[name](b"one") + COMPRESS[name](b"two") + bytes(64) + COMPRESS[name](b"three") + bytes(8)
    assert expanded(name, octets) == b"onetwothree"


@every_container
def test_what_comes_out_at_a_time_is_bounded(name):
    """A bomb does not fill the memory."""
    octets = COMPRESS[name](bytes(100_000_000))
    stream = decompressed(name, pieces(octets, 131_072))
    assert all(len(next(stream)) <= 34 * 1024 * 1024 for _ in range(3))


@every_container
def test_a_cut_is_said_after_what_was_there(name):
    """Everything before it comes out first."""
    stream = decompressed(name, pieces(COMPRESS[name](TEXT)[:-10], 4096))
    found = b""
    with pytest.raises(DecompressError, match=f"the {name} data is cut off"):
        for piece in stream:
            found += piece
    assert TEXT.startswith(found)


@every_container
def test_damage_is_said(name):
    """In one line, whatever the library says."""
    octets = COMPRESS[name](TEXT)[:10] + b"\xff" * 1000
    with pytest.raises(DecompressError, match=f"the {name} data is damaged: [^\n]+$"):
        expanded(name, octets)


@every_container
def test_other_octets_behind_the_last_member_are_damage(name):
    """They are no padding; what was there comes first."""
    stream = decompressed(name, iter([COMPRESS[name](b"one") + b"junk"]))
    assert next(stream) == b"one"
    with pytest.raises(DecompressError):
        list(stream)


def test_other_octets_are_in_no_container():
    """A capture, a text, nothing at all."""
    assert [container_of(head) for head in (b"\xd4\xc3\xb2\xa1\2\0", b"220 mx", b"")] == ["", "", ""]
