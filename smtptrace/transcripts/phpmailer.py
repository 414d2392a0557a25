"""PHPMailer: `SERVER -> CLIENT:` and `CLIENT -> SERVER:`, plain, HTML-escaped, at level 4 or in an error log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._hidden import is_masked
from smtptrace.transcripts._infer import is_reply
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "credentials", "tls"})
LINE = re.compile(
    rb"(?:\[?(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8})\]?[ \t]*)?(?:[^<>]{0,200}?SMTP \(level [0-9]\):)?[ \t]*"
    rb"(?:(?:SERVER -> CLIENT|SMTP -> FROM SERVER):[ ]*(?P<server>.*)|CLIENT -> (?:SERVER|SMTP):[ ]?(?P<client>.*)"
    rb"|SMTP -> ERROR:[^0-9]{0,100}(?P<refused>[45][0-9][0-9][ -].*)"
    rb"|(?P<start>Connection: opening to (?P<peer>[^\s,]+).*)"
    rb"|(?P<noise>SMTP INBOUND: .*|SMTP -> get_lines\(\).*)|(?P<note>(?:SMTP ERROR|SMTP Error"
    rb"|SMTP -> (?:ERROR|NOTICE)|Connection|SMTP NOTICE):.*))"
)
MARK = re.compile(
    rb"(?:[^<>]{0,200} )?(?:\[?[0-9]{4}-[0-9-]{5} [0-9:]{8}\]?[ \t]*)?(?:SERVER -> CLIENT"
    rb"|CLIENT -> (?:SERVER|SMTP)|SMTP -> FROM SERVER|SMTP -> (?:ERROR|NOTICE)|SMTP INBOUND"
    rb"|Connection: open(?:ing|ed)|SMTP (?:ERROR|Error|NOTICE)):?"
)
SERVER = re.compile(rb"SERVER -> CLIENT:|FROM SERVER:|SMTP INBOUND")
FAILED = re.compile(rb"SMTP ERROR: .{0,60}command failed: (?P<reply>[45][0-9][0-9][ -].*)")
LOGGED = re.compile(rb"(?:\\r\\n|\r)*(?:, referer: \S*)?$")
"""What an error log adds: line ends spelled out, the page."""


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.7, 0.96)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each `Connection: opening to` or greeting."""
    rows = _plain(marked(text, LINE))
    one_sided = not any(SERVER.search(line) for line in text.octets)
    return connections(text, "phpmailer", _answered(rows) if one_sided else rows, HIDES)


def _plain(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows as they were before a log spelled their line ends out."""
    for row in rows:
        data = row.data
        if row.kind in (Kind.CLIENT, Kind.SERVER) and (b"\\r\\n" in data or b", referer: " in data):
            data = LOGGED.sub(b"", data, count=1).replace(b"\\r\\n", b"\n")
        if data or row.kind is not Kind.SERVER:
            yield row._replace(data=data)


def _answered(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows of level 1, which shows the client's side: a reply is told of only where it was a refusal."""
    asked: Row | None = None
    told = False
    for row in rows:
        failed = FAILED.match(row.data) if row.kind is Kind.NOTE else None
        if asked and failed:
            told = True
            yield row
            yield row._replace(kind=Kind.SERVER, data=failed["reply"])
        elif told and row.kind is Kind.NOTE and is_reply(row.data):
            yield row._replace(kind=Kind.SERVER)
        elif row.kind is Kind.CLIENT and is_masked(row.data):
            yield row._replace(kind=Kind.UNSEEN, data=b"")
        elif row.kind is Kind.CLIENT:
            if asked and not told:
                yield asked._replace(kind=Kind.UNHEARD)
            asked, told = row, False
            yield row
        else:
            yield row
