"""curl --trace and --trace-ascii: `=> Send header, 12 bytes (0xc)` above rows of a dump."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._raw import from_hex
from smtptrace.transcripts._rows import Kind, Row, likely
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection, Endpoint, Exactness, Gap, GapReason, Octets, Side

HIDES = frozenset({"line-ends", "content", "closing"})
TIME = rb"(?:(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}) )?(?:\[[0-9a-zA-Z-]+\] )?"
HEAD = re.compile(
    TIME + rb"(?:(?P<way>=>|<=) (?:Send|Recv) (?P<what>header|data"
    rb"|SSL data), (?P<size>[0-9]{1,12}) bytes? \(0x[0-9a-f]+\)|== Info: ?(?P<note>.*))"
)
ROW = re.compile(rb"(?P<at>[0-9a-f]{4,8}): (?P<dump>.*)")
HEX = re.compile(rb"(?:[0-9a-f]{2} ){1,16} *")
_LINE_END, _SPACES = 2, 4
"""Octets of a line end, and of the spaces before it that may have gone with it."""
CONNECTED = re.compile(rb"\s*Connected to \S+ \((?P<host>[^)]+)\) port (?P<port>[0-9]{1,5})")
MARK = re.compile(
    HEAD.pattern.replace(b"?P<time>", b"?:")
    .replace(b"?P<way>", b"?:")
    .replace(b"?P<what>", b"?:")
    .replace(b"?P<size>", b"?:")
    .replace(b"?P<note>", b"?:")
    + rb"|[0-9a-f]{4,8}: "
)


def confidence(text: Text) -> float:
    """By the share of its lines."""
    return likely(text, MARK, 0.6, 0.98) if any(HEAD.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each connection; the end mark of the content is never shown."""
    return connections(text, "curl_trace", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    sending = False
    for head, lines in _blocks(text):
        number = head[0].number
        when = stamp(head[1]["time"]) if head[1]["time"] else None
        if head[1]["note"] is not None:
            yield _note(head[1]["note"], number)
            continue
        if head[1]["what"] == b"SSL data":
            continue
        side = Side.CLIENT if head[1]["way"] == b"=>" else Side.SERVER
        if sending and side is Side.SERVER:
            yield Row(Kind.EVENT, number, when=when, event=Gap(Side.CLIENT, None, GapReason.NOT_LOGGED, None, number))
        sending = head[1]["what"] == b"data" and side is Side.CLIENT
        for event in _said(lines, int(head[1]["size"]), side, number):
            yield Row(Kind.EVENT, number, when=when, event=event)


def _note(said: bytes, number: int) -> Row:
    found = CONNECTED.match(said)
    row = Row(Kind.NOTE, number, said)
    if not found:
        return row
    return row._replace(
        kind=Kind.START, server=Endpoint(found["host"].decode("ascii", "replace"), int(found["port"]) & 0xFFFF)
    )


def _blocks(text: Text) -> Iterator[tuple[tuple[Line, re.Match[bytes]], list[re.Match[bytes]]]]:
    head: tuple[Line, re.Match[bytes]] | None = None
    lines: list[re.Match[bytes]] = []
    for line in text.lines:
        begins = HEAD.match(line.data)
        if begins:
            if head:
                yield head, lines
            head, lines = (line, begins), []
            continue
        row = ROW.match(line.data)
        if row:
            lines.append(row)
    if head:
        yield head, lines


def _said(rows: Sequence[re.Match[bytes]], size: int, side: Side, number: int) -> Iterator[Octets | Gap]:
    """What the rows of a dump hold of the `size` octets that its head tells of; a gap where rows are missing."""
    is_hex = bool(rows) and all(HEX.match(row["dump"]) and len(row["dump"]) >= 48 for row in rows)
    exactness = Exactness.SEEN if is_hex else Exactness.LINE_END_SUPPLIED
    held, at = b"", 0
    for row in (*rows, None):
        start = int(row["at"], 16) if row else size
        if row is None or start >= at:
            held, lost = (held, start - at) if is_hex else _supplied(held, start - at)
            if lost > 0:
                yield from [Octets(side, held, None, number, exactness)] * bool(held)
                yield Gap(side, lost, GapReason.NOT_LOGGED, None, number)
                held = b""
        octets = b"" if row is None else from_hex(row["dump"][:48]) if is_hex else row["dump"]
        held, at = held + octets, start + len(octets)
    if held:
        yield Octets(side, held, None, number, exactness)


def _supplied(held: bytes, missing: int) -> tuple[bytes, int]:
    """The octets with the line end that an ASCII dump leaves out, and spaces that an editor does; what else lacks."""
    if 0 < missing <= _LINE_END + _SPACES:
        return held + b" " * (missing - _LINE_END if missing > 1 else 1) + b"\r\n" * (missing > 1), 0
    return held, missing
