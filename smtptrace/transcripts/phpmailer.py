"""PHPMailer: `SERVER -> CLIENT:` and `CLIENT -> SERVER:`, plain, HTML-escaped, at level 4 or in an error log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
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
LOGGED = re.compile(rb"(?:\\r\\n|\r)*(?:, referer: \S*)?$")
"""What an error log adds: line ends spelled out, the page."""


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.7, 0.96)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each `Connection: opening to` or greeting."""
    return connections(text, "phpmailer", _plain(marked(text, LINE)), HIDES)


def _plain(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows as they were before a log spelled their line ends out."""
    for row in rows:
        data = row.data
        if row.kind in (Kind.CLIENT, Kind.SERVER) and (b"\\r\\n" in data or b", referer: " in data):
            data = LOGGED.sub(b"", data, count=1).replace(b"\\r\\n", b"\n")
        yield row._replace(data=data)
