"""What stands before each line where another program logged a transcript: a container, a time, a host, a level."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from smtptrace.transcripts._source import Lines
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import STAMP, Stamp, stamp

SAMPLE = 2000
"""Lines from which it is told how a text is wrapped."""

MOST = 0.6
"""The share of the lines that have what is taken off."""

LEVEL = rb"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR)"
WHEN = rb"(?:\[?(?P<time>" + re.sub(rb"\?P<\w+>", b"?:", STAMP.pattern) + rb")\]?[ \t:]*)"
OUTER = (
    rb"(?:[\w./-]{1,64} {1,40}\| ?)?"  # docker compose
    rb"(?:" + WHEN + rb"(?:std(?:out|err) [FP] )?"  # a container's log as Kubernetes keeps it
    rb"(?:[\w.-]{1,64} [\w./-]{1,64}\[[0-9]{1,9}\]: )?)?"  # syslog
)
LOGGER = (
    rb"(?:- )?(?:[\w.]{1,60} - )?" + LEVEL + rb"(?: - |:[\w.]{1,60}:| +[\w.]{1,60}: ?"
    rb"| +[0-9]{1,9} --- \[[^\]]{1,40}\] [\w.$]{1,80} +: )"
)
HEADS = (re.compile(OUTER), re.compile(OUTER + LOGGER))


def opened(text: Text, known: re.Pattern[bytes]) -> Text:
    """The text without what stands before its lines, if more of them are `known` then; the times are kept beside."""
    sample = text.octets[:SAMPLE]
    heads = [*HEADS, *_margin(sample, known)]
    best, at = max((_claimed(sample, known, head), at) for at, head in enumerate(heads))
    if best <= sum(known.match(line) is not None for line in sample):
        return text
    head = heads[at]
    stamps: dict[int, Stamp] = {}
    lines = [_inside(line, at, head, stamps) for at, line in enumerate(text.octets, text.lines[0].number)]
    return replace(text, lines=Lines(lines, text.lines[0].number), stamps=stamps)


def _margin(lines: Sequence[bytes], known: re.Pattern[bytes]) -> Iterator[re.Pattern[bytes]]:
    """What takes the margin off: the least that lines have which are known without it."""
    margins = [len(line) - len(line.lstrip(b" ")) for line in lines if known.match(line.lstrip(b" "))]
    least = min(margins, default=0)
    if least:
        yield re.compile(b" {%d}" % least)


def _claimed(lines: Sequence[bytes], known: re.Pattern[bytes], head: re.Pattern[bytes]) -> int:
    """How many lines are known behind the head; 0 where few lines have it."""
    ends = [(line, found.end()) for line in lines if line and (found := head.match(line)) and found.end()]
    filled = sum(not line.isspace() for line in lines)
    if len(ends) < MOST * filled:
        return 0
    return sum(known.match(line[end:]) is not None for line, end in ends)


def _inside(line: bytes, number: int, head: re.Pattern[bytes], stamps: dict[int, Stamp]) -> bytes:
    found = head.match(line)
    if found is None:
        return line
    when = stamp(found["time"]) if "time" in head.groupindex and found["time"] else None
    if when:
        stamps[number] = when
    return line[found.end() :]
