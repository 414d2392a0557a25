"""Inputs: paths, standard input, compression, digests, and what cannot be read."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard
from support.frames import ethernet, ipv4, pcap, section, tcp

from smtptrace.errors import UnreadableError
from smtptrace.sources import Expansion, SourceReport, capfile, engine_for, expand, open_input
from smtptrace.sources._open import HEAD, Pieces

FRAMES = [ethernet(ipv4(tcp(payload))) for payload in (b"one", b"two", b"three")]
CAPTURE = pcap(*FRAMES)
COMPRESS = {
    "": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.fixture(params=COMPRESS)
def stored(request, tmp_path: Path) -> tuple[str, Path]:
    """A capture stored in each container."""
    path = tmp_path / "capture"
    path.write_bytes(COMPRESS[request.param](CAPTURE))
    return request.param, path


def test_an_input_is_read_and_hashed(stored):
    """As stored and as decompressed, once and on the way."""
    container, path = stored
    with open_input(str(path)) as opened:
        assert (opened.path, opened.container, opened.head) == (str(path), container, CAPTURE)
        assert [segment[6] for segment in capfile.segments(opened.stream, SourceReport())] == [b"one", b"two", b"three"]
        assert opened.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert opened.content_sha256() == hashlib.sha256(CAPTURE).hexdigest()
        assert opened.size == path.stat().st_size
        assert opened.content_size == len(CAPTURE)
        assert not opened.changed()


def test_the_digest_covers_what_was_not_read(tmp_path):
    """Reading may stop early; the file's digest is still the file's."""
    path = tmp_path / "long"
    path.write_bytes(b"220 mx\r\n" * 100_000)
    with open_input(str(path)) as opened:
        assert opened.head == path.read_bytes()[:HEAD]
        assert opened.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path):
    """By its size or its time."""
    path = tmp_path / "a.pcap"
    path.write_bytes(CAPTURE)
    with open_input(str(path)) as opened:
        path.write_bytes(CAPTURE + CAPTURE)
        assert opened.changed()


def test_a_compressed_file_that_is_cut_gives_what_is_there(tmp_path):
    """The damage names the reason once, without the path."""
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(CAPTURE)[:-9])
    report = SourceReport(path=str(path))
    with open_input(str(path)) as opened:
        assert len(list(capfile.segments(opened.stream, report))) == 3
    assert report.damage == "the gzip data is cut off"


def test_a_text_that_is_cut_gives_what_is_there(tmp_path):
    """`octets` keeps what was read and the reason why it is not all."""
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"220 mx\r\n" * 9)[:-4])
    with open_input(str(path)) as opened:
        assert opened.octets(1000) == b"220 mx\r\n" * 9
        assert opened.damage == f"{path}: the gzip data is cut off"


def test_octets_have_a_bound(tmp_path):
    """At most so many; the rest stays in the stream."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"220 mx\r\n250 ok\r\n")
    with open_input(str(path)) as opened:
        assert (opened.octets(8), opened.octets(100), opened.damage) == (b"220 mx\r\n", b"250 ok\r\n", None)


def test_decompressing_has_a_bound(tmp_path):
    """A bomb ends with a line instead of filling the machine; the bound is an option."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(CAPTURE + bytes(3_000_000)))
    with open_input(str(path), Expansion(ratio=10, free=1_500_000)) as opened:
        opened.octets(10_000_000)
        assert opened.damage == f"{path}: decompressing gives more than 10 times its size"
    with open_input(str(path), Expansion(ratio=10, free=4_000_000)) as opened:
        assert len(opened.octets(10_000_000)) == len(CAPTURE) + 3_000_000


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir], ids=["missing", "directory"])
def test_what_cannot_be_opened_is_said_in_a_line(tmp_path, make):
    """With its name and the reason, and exit code 3."""
    path = tmp_path / "input"
    make(path)
    with pytest.raises(UnreadableError) as raised:
        open_input(str(path))
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 3


def test_a_name_that_no_file_can_have_is_unreadable():
    """It is an input like any other that is not there."""
    with pytest.raises(UnreadableError, match="null"):
        open_input("a\0b")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here whose reading fails")
def test_a_file_that_fails_while_it_is_read_is_unreadable():
    """The system's reason is given."""
    with pytest.raises(UnreadableError, match="/proc/self/mem: input/output error"):
        open_input("/proc/self/mem")


def test_an_empty_file_is_an_input(tmp_path):
    """Whoever reads it says that it is empty."""
    path = tmp_path / "empty"
    path.touch()
    with open_input(str(path)) as opened:
        assert (opened.head, opened.stream.read()) == (b"", b"")


def test_standard_input_flows(monkeypatch):
    """The first packet comes before the second was written; the stream is left open."""
    reading, writing = os.pipe()
    source = os.fdopen(reading, "rb")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=source))
    second = threading.Event()
    first = 24 + 16 + len(FRAMES[0])

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            pipe.write(CAPTURE[:first])
            assert second.wait(20)
            pipe.write(CAPTURE[first:])

    writer = threading.Thread(target=write)
    writer.start()
    with open_input("-") as opened:
        segments = capfile.segments(opened.stream, SourceReport())
        assert next(segments)[6] == b"one"
        second.set()
        assert [segment[6] for segment in segments] == [b"two", b"three"]
        writer.join()
        assert opened.sha256() == hashlib.sha256(CAPTURE).hexdigest()
        assert not opened.changed()
    assert not source.closed
    source.close()


def test_the_head_of_a_text_is_waited_for():
    """A few octets tell a capture, a text needs more; a short one ends."""
    assert [len(open_pieces(pieces).head) for pieces in ([b"220 ", b"mx\r\n"], [CAPTURE[:8]], [b"x" * 9000])] == [
        8,
        8,
        HEAD,
    ]


def open_pieces(pieces: list[bytes]):
    """An input of a stream that gives such pieces."""
    from smtptrace.sources._open import DEFAULT_EXPANSION, Input

    return Input("-", Pieces(iter(pieces)), DEFAULT_EXPANSION)


def test_pieces_read_like_any_stream():
    """By size, by line, to the end, and what is there."""

    def pieces() -> Iterator[bytes]:
        yield from (b"220 mx\r\n2", b"", b"50 ok\r\n", b"221 bye\r\n")

    stream = Pieces(pieces())
    assert stream.readable()
    assert stream.read(4) == b"220 "
    assert stream.read1(100) == b"mx\r\n2"
    assert stream.readline() == b"50 ok\r\n"
    assert (stream.read(0), stream.read1(2), stream.peek(1)) == (b"", b"22", b"1 bye\r\n")
    assert (stream.read(), stream.read(), stream.read1(), stream.peek()) == (b"1 bye\r\n", b"", b"", b"")


def test_wildcards_are_expanded(tmp_path, monkeypatch):
    """Sorted; a name that exists is itself even with brackets; what matches nothing stays, to be named as missing."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.pcap", "a.pcap", "c[1].pcap", "c1.txt"):
        Path(name).touch()
    assert expand(["*.pcap"]) == ["a.pcap", "b.pcap", "c[1].pcap"]
    assert expand(["-", "c[1].pcap", "no*.pcap", "b.pcap"]) == ["-", "c[1].pcap", "no*.pcap", "b.pcap"]


def test_the_engine_for_a_capture_is_our_own():
    """Text is nobody's here."""
    assert engine_for(CAPTURE[:8]) == engine_for(section()[:8]) == "capfile"
    assert engine_for(b"220 mx.test ESMTP\r\n") is None
