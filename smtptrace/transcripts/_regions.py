"""Where in a text one dialect ends and another begins."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from re import Pattern
from typing import NamedTuple

from smtptrace.transcripts._text import Text

Marks = Mapping[str, Pattern[bytes]]

UNCLAIMED = frozenset[str]()
REPLY = re.compile(rb"[2-5][0-9][0-9](?:[ -]|$)")
MARKED_REPLY = re.compile(rb".{1,120}?(?<![0-9])[2-5][0-9][0-9][ -]")

STRAY = 2
"""Lines of another dialect that do not break a stretch in two: logs quote each other."""


class Stretch(NamedTuple):
    """Lines from `start` on whose marks agree with the dialects `names`; `marked` counts those that have one."""

    start: int
    names: frozenset[str]
    marked: int


def regions(text: Text, marks: Marks) -> Iterator[tuple[Text, frozenset[str]]]:
    """The stretches of a text whose marked lines agree with some dialect, and the dialects they agree with.

    Args:
        text: one part of a text.
        marks: for each dialect, what its lines (and those of close relatives) begin with.
    """
    stretches = _mended(list(_stretches(text.octets, marks)))
    stops = [stretch.start for stretch in stretches[1:]] + [len(text.lines)]
    for stretch, stop in zip(stretches, stops, strict=True):
        end = _end(text.octets[stretch.start : stop], stretch, marks) + stretch.start
        yield replace(text, lines=text.lines[stretch.start : end]), stretch.names
        if end < stop:
            yield replace(text, lines=text.lines[end:stop]), UNCLAIMED


def _end(lines: Sequence[bytes], stretch: Stretch, marks: Marks) -> int:
    """Where a stretch ends in which replies are marked: before a dialogue without marks that begins behind it."""
    named = [marks[name] for name in stretch.names]
    marked = (at for at in range(len(lines) - 1, -1, -1) if any(mark.match(lines[at]) for mark in named))
    last = next(marked, 0)
    behind = next((line for line in islice(lines, last + 1, None) if REPLY.match(line)), b"")
    if not behind.startswith(b"220"):
        return len(lines)
    replies = (line for line in lines if MARKED_REPLY.match(line) and any(mark.match(line) for mark in named))
    return last + 1 if len(list(islice(replies, STRAY + 1))) > STRAY else len(lines)


def _stretches(lines: Sequence[bytes], marks: Marks) -> Iterator[Stretch]:
    start, agreed, marked, skip = 0, frozenset[str](), 0, 0
    dots = [at for at, line in enumerate(lines) if line == b"."]
    known = anything(marks)
    for at, line in enumerate(lines):
        if at < skip or not line:
            continue
        claims = _claims(line, marks, agreed) if known.match(line) else UNCLAIMED
        if claims and agreed and not claims & agreed:
            yield Stretch(start, agreed, marked)
            start, marked = at, 0
        agreed = claims or agreed
        marked += bool(claims)
        if line.startswith(b"354"):
            skip = _after_content(dots, at)
    yield Stretch(start, agreed, marked)


def anything(marks: Marks) -> Pattern[bytes]:
    """Matches what any of the marks matches; most lines of a long log have none."""
    flags = {mark: b"(?i:" if mark.flags & re.IGNORECASE else b"(?:" for mark in marks.values()}
    return re.compile(b"|".join(opening + mark.pattern + b")" for mark, opening in flags.items()))


def _claims(line: bytes, marks: Marks, agreed: frozenset[str]) -> frozenset[str]:
    """The dialects that know the line; of those agreed on, if any of them does."""
    kept = frozenset(name for name in agreed if marks[name].match(line))
    return kept or frozenset(name for name, mark in marks.items() if mark.match(line))


def _after_content(dots: Sequence[int], at: int) -> int:
    """The line after the content that an unmarked 354 asks for; it may quote anything."""
    where = bisect_right(dots, at)
    return dots[where] + 1 if where < len(dots) else at


def _mended(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The stretches without those that only interrupt another."""
    mended: list[Stretch] = []
    for stretch in stretches:
        mended.append(stretch)
        while len(mended) > 2 and mended[-2].marked <= STRAY and mended[-3].names & mended[-1].names:
            first, _, last = mended[-3:]
            mended[-3:] = [Stretch(first.start, first.names & last.names, first.marked + last.marked)]
    return mended
