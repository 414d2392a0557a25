"""tcpflow -c: `source-destination: ` before each chunk, with or without a hex dump below it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._raw import Chunk, from_hex, rows
from smtptrace.transcripts._rows import likely
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection, Endpoint, Exactness

HIDES = frozenset({"line-ends", "times"})
END = rb"((?:[0-9]{3}\.){3}[0-9]{3}|[0-9a-fA-F:.]{2,45})\.([0-9]{5})"
HEAD = re.compile(END + rb"-" + END + rb": ?(.*)")
DUMP = re.compile(rb"[0-9a-f]{4,8}: ((?:[0-9a-f]{4} ){0,32}[0-9a-f]{0,4}) ")
MARK = re.compile(END + rb"-" + END + rb":|" + DUMP.pattern)


def confidence(text: Text) -> float:
    """By the share of its heads."""
    return likely(text, HEAD, 0.8, 0.98)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each pair of ends."""
    return connections(text, "tcpflow", rows(_chunks(text)), HIDES)


def _chunks(text: Text) -> Iterator[Chunk]:
    head: Chunk | None = None
    lines: list[bytes] = []
    for line in text.lines:
        found = HEAD.match(line.data)
        if found:
            if head:
                yield from _whole(head, lines)
            head = Chunk(line.number, _end(found[1], found[2]), _end(found[3], found[4]), b"")
            lines = [found[5]]
        else:
            lines.append(line.data)
    if head:
        yield from _whole(head, lines)


def _whole(head: Chunk, lines: list[bytes]) -> Iterator[Chunk]:
    """A chunk from its lines: one blank line follows it, line ends are those of SMTP."""
    dumped = [found[1] for found in map(DUMP.match, lines[1:]) if found]
    if dumped and not lines[0]:
        yield head._replace(data=b"".join(map(from_hex, dumped)))
        return
    while lines and not lines[-1]:
        lines = lines[:-1]
    if lines:
        yield head._replace(data=b"".join(line + b"\r\n" for line in lines), exactness=Exactness.LINE_END_SUPPLIED)


def _end(address: bytes, port: bytes) -> Endpoint:
    """Its numbers are filled up with zeros; an address over IPv6, and a damaged one, stays as it is."""
    parts = address.decode("ascii").split(".")
    host = ".".join(part.lstrip("0") or "0" if part.isdecimal() else part for part in parts)
    return Endpoint(host, int(port) & 0xFFFF)
