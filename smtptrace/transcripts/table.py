"""A table (Markdown, reStructuredText, HTML, a database shell): a column tells who spoke, or each side has its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import COMMAND, is_reply, sides
from smtptrace.transcripts._rows import Kind, Row, likely, note
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "tls", "times", "endpoints"})
RULE = re.compile(rb"[ \t]*[|+][ :|+=-]*[-=]{2}[ :|+=-]*[|+][ \t]*$")
MARK = re.compile(rb"[ \t]*\|.*\|[ \t]*$|" + RULE.pattern)

BETWEEN = re.compile(rb"(?<!\\)\|")
BREAK = re.compile(rb"<br ?/?>|\v", re.I)
MARKED = re.compile(rb"(?:(?P<client>C|Client)|(?P<server>S|Server)): ?(?P<said>.*)", re.I)
MOST_COLUMNS = 20
LESSONS = 5000
"""Rows from which it is told what the columns hold."""

SPEAKERS = 6
"""Different values up to which a column may tell who spoke."""


class Record(NamedTuple):
    """One row of the table: the number of its line, and its cells, each of one or more lines."""

    frame: int
    cells: Sequence[Sequence[bytes]]


class Columns(NamedTuple):
    """What the columns of a table hold: what was said and by whom (SAID: not told), who spoke, and when."""

    said: Sequence[tuple[int, Kind]]
    speaker: int | None = None
    kinds: Mapping[bytes, Kind] = MappingProxyType({})
    time: int | None = None


def confidence(text: Text) -> float:
    """By the share of its rows, where replies and commands stand in them."""
    return likely(text, MARK, 0.5, 0.9) if _columns(list(islice(_records(text), LESSONS))).said else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each greeting."""
    return connections(text, "table", sides(list(_rows(text))), HIDES)


def _records(text: Text) -> Iterator[Record]:
    for line in text.lines:
        if MARK.match(line.data) and not RULE.match(line.data):
            cells = BETWEEN.split(line.data.strip()[1:-1], MOST_COLUMNS)
            yield Record(line.number, [[_plain(part) for part in BREAK.split(cell)] for cell in cells])


def _plain(cell: bytes) -> bytes:
    """What a cell holds, without the marks of code."""
    said = cell.strip().replace(rb"\|", b"|")
    return said.strip(b"`") if said.startswith(b"`") and said.endswith(b"`") else said


def _kind(cell: Sequence[bytes]) -> Kind | None:
    """Whether a cell holds a reply or a command."""
    marked = MARKED.fullmatch(cell[0])
    first = marked["said"] if marked else cell[0]
    if is_reply(first):
        return Kind.SERVER
    return Kind.CLIENT if COMMAND.fullmatch(first) else None


def _columns(records: Sequence[Record]) -> Columns:
    """What each column holds, told from the replies and commands in them."""
    found = Counter(
        (at, kind) for record in records for at, cell in enumerate(record.cells) if (kind := _kind(cell)) is not None
    )
    replies = {at: count for (at, kind), count in found.items() if kind is Kind.SERVER}
    commands = {at: count for (at, kind), count in found.items() if kind is Kind.CLIENT}
    if not replies or not commands:
        return Columns(())
    server, client = max(replies, key=lambda at: replies[at]), max(commands, key=lambda at: commands[at])
    time = _time(records, {server, client})
    if server != client:
        return Columns(sorted([(server, Kind.SERVER), (client, Kind.CLIENT)]), time=time)
    speaker, kinds = _speaker(records, server)
    return Columns(((server, Kind.SAID),), speaker, kinds, time)


def _speaker(records: Sequence[Record], said: int) -> tuple[int | None, dict[bytes, Kind]]:
    """The column that has one value beside replies and another beside commands, and what its values mean."""
    for at in range(max(len(record.cells) for record in records)):
        beside: dict[bytes, set[Kind]] = {}
        for record in records:
            if at != said and max(at, said) < len(record.cells) and (kind := _kind(record.cells[said])):
                beside.setdefault(record.cells[at][0], set()).add(kind)
        told = {value: next(iter(kinds)) for value, kinds in beside.items() if value and len(kinds) == 1}
        if len(told) == len(beside) and len(set(told.values())) == 2 and len(told) <= SPEAKERS:
            return at, told
    return None, {}


def _time(records: Sequence[Record], said: set[int]) -> int | None:
    """The column of time stamps."""
    last = records[-1].cells
    return next((at for at, cell in enumerate(last) if at not in said and stamp(cell[0])), None)


def _rows(text: Text) -> Iterator[Row]:
    records = {record.frame: record for record in _records(text)}
    columns = _columns(list(islice(records.values(), LESSONS)))
    began = False
    for line in text.lines:
        record = records.get(line.number)
        began = began or (record is not None and any(map(_kind, record.cells)))
        if record and began:
            yield from _said(record, columns)
        elif line.data.strip() and not RULE.match(line.data):
            yield note(line)


def _said(record: Record, columns: Columns) -> Iterator[Row]:
    """What was said in a row of the table; an empty cell says nothing where each side has a column of its own."""
    cells = dict(enumerate(record.cells))
    when = stamp(cells[columns.time][0]) if columns.time in cells else None
    speaker = cells[columns.speaker][0] if columns.speaker in cells else b""
    for at, side in columns.said:
        kind = columns.kinds.get(speaker, side)
        for line in cells.get(at, ()):
            marked = MARKED.fullmatch(line)
            if marked:
                by = Kind.CLIENT if marked["client"] else Kind.SERVER
                yield Row(by, record.frame, marked["said"], when=when)
            elif line or len(columns.said) == 1:
                yield Row(kind, record.frame, line, when=when)
