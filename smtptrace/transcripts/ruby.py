"""Ruby's Net::SMTP, as ActionMailer prints it: `-> "..."` received, `<- "..."` sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._quoted import unquote
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection, Exactness

HIDES = frozenset({"content", "tls", "times"})
LINE = re.compile(
    rb"[ \t]*(?:-> (?P<server>\".*)|<- (?P<client>\".*)|(?P<start>Connection opened: (?P<peer>\S+))"
    rb"|wrote (?P<unseen>[0-9]{1,12}) bytes|(?P<noise>writing message from .*|\(.*\)$))"
)
MARK = re.compile(rb"[ \t]*(?:->|<-) \"")


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.6, 0.98)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each greeting."""
    return connections(text, "ruby", _exact(marked(text, LINE)), HIDES)


def _exact(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        octets = unquote(row.data) if row.kind in (Kind.CLIENT, Kind.SERVER) else None
        yield row if octets is None else row._replace(data=octets, exactness=Exactness.SEEN)
