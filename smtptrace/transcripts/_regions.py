"""Where in a text one dialect ends and another begins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from re import Pattern

from smtptrace.transcripts._text import Line, Text

Marks = Mapping[str, Pattern[bytes]]


def regions(text: Text, marks: Marks) -> Iterator[tuple[Text, frozenset[str]]]:
    """The stretches of a text whose marked lines agree with some dialect, and the dialects they agree with.

    Args:
        text: one part of a text.
        marks: for each dialect, what its lines (and those of close relatives) begin with.
    """
    start, agreed, skip = 0, frozenset[str](), 0
    dots = [at for at, line in enumerate(text.lines) if line.data == b"."]
    for at, line in enumerate(text.lines):
        if at < skip or not line.data:
            continue
        claims = _claims(line, marks, agreed)
        if claims and agreed and not claims & agreed:
            yield replace(text, lines=text.lines[start:at]), agreed
            start = at
        agreed = claims or agreed
        if line.data.startswith(b"354"):
            skip = _after_content(dots, at)
    yield replace(text, lines=text.lines[start:]), agreed


def _claims(line: Line, marks: Marks, agreed: frozenset[str]) -> frozenset[str]:
    """The dialects that know the line; of those agreed on, if any of them does."""
    kept = frozenset(name for name in agreed if marks[name].match(line.data))
    return kept or frozenset(name for name, mark in marks.items() if mark.match(line.data))


def _after_content(dots: Sequence[int], at: int) -> int:
    """The line after the content that an unmarked 354 asks for; it may quote anything."""
    where = bisect_right(dots, at)
    return dots[where] + 1 if where < len(dots) else at
