"""Python's smtplib with set_debuglevel: `send:` and `reply:` with what was said as Python writes strings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._quoted import unquote
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection, Exactness

HIDES = frozenset({"greeting", "tls", "times"})
LINE = re.compile(
    rb"(?:(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}) )?(?:send: (?P<client>b?u?['\"].*)"
    rb"|reply: (?P<server>b?['\"].*)"
    rb"|(?P<noise>reply: retcode .*|data: \(.*|connect: b?['\"].*|connect: \(.*|connect fail: .*)"
    rb"|(?P<start>connect: to \(b?'(?P<host>[^']*)', (?P<port>[0-9]{1,5})\).*))"
)
MARK = re.compile(rb"(?:[0-9:.]{8,15} )?(?:send: b?u?['\"]|reply: (?:b?['\"]|retcode \()|connect: |data: \([2-5])")


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.8, 0.99)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each `connect:` or greeting."""
    return connections(text, "smtplib", _exact(marked(text, LINE)), HIDES)


def _exact(rows: Iterator[Row]) -> Iterator[Row]:
    """The strings as the octets they stand for."""
    for row in rows:
        if row.kind in (Kind.CLIENT, Kind.SERVER):
            octets = unquote(row.data)
            yield (
                row._replace(data=octets, exactness=Exactness.SEEN)
                if octets is not None
                else row._replace(kind=Kind.NOTE)
            )
        else:
            yield row
