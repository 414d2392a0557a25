"""Postfix's transcript in a notice to the postmaster: ` Out: ` and ` In:  `, long lines folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely, note
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "content", "tls", "times", "endpoints"})
LINE = re.compile(rb"[ \t]*(?:Out: ?(?P<server>.*)|In: {0,2}(?P<client>.*))")
MARK = re.compile(rb"[ \t]*(?:Out: ?[2-5][0-9][0-9](?:[ -]|$)|In:  ?[A-Za-z.*])")
FOLDED = re.compile(rb"[ \t]{3,}(?P<more>\S.*)")
TOLD = re.compile(rb"Session aborted|.*Transcript of session follows|For other details", re.I)


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.6, 0.96)


def read(text: Text) -> Iterable[Connection]:
    """The session of the notice."""
    return connections(text, "postfix_bounce", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    held: Row | None = None
    for line in text.lines:
        found, folded = LINE.match(line.data), FOLDED.match(line.data)
        if held and folded and not found:
            held = held._replace(data=held.data + b" " + folded["more"])
            continue
        if held:
            yield held
        held = None
        if found:
            kind = Kind.SERVER if found["server"] is not None else Kind.CLIENT
            held = Row(kind, line.number, (found["server"] or found["client"] or b"").rstrip())
        elif TOLD.match(line.data):
            yield note(line)
    if held:
        yield held
