"""The lines of a text with their numbers, and those of the source as stored."""

from __future__ import annotations

import pytest

from smtptrace.transcripts import source_lines
from smtptrace.transcripts._source import Line, Lines, split


def test_numbers_go_with_their_lines() -> None:
    """A part of the lines keeps the numbers they have in the whole."""
    lines = Lines([b"a", b"b", b"c", b"d"])
    assert list(lines[1:3]) == [Line(2, b"b"), Line(3, b"c")]
    assert lines[1:][1] == Line(3, b"c")
    assert lines[-1] == Line(4, b"d")
    assert len(lines[4:]) == 0


def test_lines_of_another_charset() -> None:
    """A line that is not what was stored says so, an ASCII one is as it was."""
    assert [line.changed for line in Lines([b"a", "ü".encode()], foreign=True)] == [False, True]
    assert Lines(["ü".encode()], foreign=True)[0].changed


@pytest.mark.parametrize(
    ("text", "lines"), [(b"a\r\nb\n\nc", [b"a", b"b", b"", b"c"]), (b"a\rb\r", [b"a", b"b"]), (b"", [])]
)
def test_line_ends(text: bytes, lines: list[bytes]) -> None:
    """CRLF, LF, or CR where there is no LF; both ways of counting agree."""
    assert split(text) == lines
    assert list(source_lines(text)) == lines


def test_source_lines_by_number() -> None:
    """They are found when asked for, one or some."""
    lines = source_lines(b"a\r\nb\r\nc")
    assert (lines[0], lines[-1], lines[1:]) == (b"a", b"c", [b"b", b"c"])
    with pytest.raises(IndexError):
        lines[3]
