"""PuTTY's session log: its header line, then the terminal's output."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import sides
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._text import Text
from smtptrace.transcripts.telnet import keyed, said
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "times", "tls"})
START = re.compile(rb"(?:=~){4,}=? PuTTY log (?P<time>[0-9.]+ [0-9:]+) ")
MARK = START


def confidence(text: Text) -> float:
    """Sure by its header."""
    return 0.985 if any(START.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> tuple[Connection, ...]:
    """The sessions, one for each header or greeting."""
    return connections(text, "putty", keyed(sides(list(_rows(text)))), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    for row in said(text):
        started = START.match(row.data)
        if started:
            yield row._replace(kind=Kind.START, data=b"", facts=(("recorded", started["time"].decode("ascii")),))
        else:
            yield row
