"""nodemailer's logger: `[time] DEBUG [id] C: ...`, the id telling connections apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "content", "credentials"})
HEAD = (
    rb"(?:\[(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]{8,15}Z?)\][ \t]+)?(?:TRACE|DEBUG|INFO|WARN"
    rb"|ERROR|FATAL)[ \t]+"
    rb"(?:\[(?:#?(?P<key>[\w#.-]{1,40}))\][ \t]+)?"
)
LINE = re.compile(
    HEAD + rb"(?:S: ?(?P<server>.*)|C: ?(?P<unseen><[0-9]+ bytes encoded mime message.*)|C: ?(?P<client>.*)"
    rb"|(?P<start>(?:Secure c|C)onnection established to (?P<peer>[^\s,]+).*)"
    rb"|(?P<end>Connection closed.*)|(?P<note>.*))"
)
MARK = re.compile(
    HEAD.replace(b"?P<time>", b"?:").replace(b"?P<key>", b"?:")
    + rb"(?:(?<=\] )|(?<=\]\t)|(?=[SC]: |Creating transport|Sending mail|Secure connection|Connection |Resolved ))"
)
SAID = re.compile(
    rb".{0,100}(?:[SC]: |Connection established to|connection established to|Resolved \S+ as|Connection closed"
    rb"|Connection upgraded|Sending mail using|Greeting never)"
)


def confidence(text: Text) -> float:
    """By the share of its heads, where something is said after them."""
    return likely(text, MARK, 0.5, 0.95) if any(SAID.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, told apart by their ids."""
    return connections(text, "nodemailer", _keyed(marked(text, LINE)), HIDES)


def _keyed(rows: Iterator[Row]) -> Iterator[Row]:
    """Further lines of a reply stand without the id; they belong to the line before."""
    last = b""
    for row in rows:
        if row.kind is Kind.END and not row.key:
            continue
        last = row.key or last
        yield row if row.key else row._replace(key=last)
