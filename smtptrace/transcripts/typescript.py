"""A terminal recorded with script(1): what was typed as the terminal showed it, with a header that has the time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import sides
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._text import Text
from smtptrace.transcripts.telnet import keyed, said
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "times", "tls"})
START = re.compile(rb"Script started on ?(?P<time>.*)")
MARK = re.compile(rb"Script (?:started|done)(?: on|,|\b)")


def confidence(text: Text) -> float:
    """Sure by its header."""
    return 0.99 if any(START.match(line.data) for line in text.lines[:20]) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each connect line or greeting."""
    return connections(text, "typescript", keyed(sides(list(_rows(text)))), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    facts: tuple[tuple[str, str], ...] = ()
    for row in said(text):
        started = START.match(row.data)
        if started:
            facts = (("recorded", started["time"].decode("utf-8", "replace").partition(" [")[0]),)
        elif not row.data.startswith(b"Script done"):
            yield row._replace(facts=facts if row.kind is Kind.START else ())
