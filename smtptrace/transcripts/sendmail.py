"""sendmail -v and the transcripts of bounces: `>>> ` for what it sent, `<<< ` or nothing before the replies."""

from __future__ import annotations

import re

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "greeting", "content", "tls", "times"})
VERBOSE = rb"(?:050[ -])?"
LINE = re.compile(
    rb"[ \t]*"
    + VERBOSE
    + rb"(?:>>> ?(?P<client>.*)|<<< ?(?P<server>.*)|(?P<start>\.\.\. while talking to (?P<peer>\S+?)\.?:.*)"
    rb"|(?P<begin>\S+\.\.\. Connecting to .*))"
)
MARK = re.compile(
    rb"[ \t]*"
    + VERBOSE
    + rb"(?:>>> (?:(?i:EHLO|HELO|LHLO|MAIL|RCPT|DATA|AUTH|QUIT|RSET|STARTTLS|BDAT|VRFY|NOOP)\b|\.$|\()"
    rb"|<<< [2-5][0-9][0-9]|\.\.\. while talking to )"
)
REPLY = re.compile(VERBOSE + rb"(?P<reply>[2-5][0-9][0-9](?:[ -].*|$))")
TOLD = re.compile(
    rb".*(?:\.\.\. (?:Connecting|Deferred|User|Sent|Service|Host|Data|Connection)|[45]\.[0-9]\.[0-9])"
    rb"|[45][0-9][0-9] [45]\.",
    re.I,
)


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.6, 0.95)


def read(text: Text) -> tuple[Connection, ...]:
    """The sessions, one for each host talked to."""
    return connections(text, "sendmail", marked(text, LINE, _unmarked), HIDES)


def _unmarked(line: Line, previous: Row | None) -> Row | None:
    """Replies stand without a mark in the verbose form, after what was sent or the line that says whereto."""
    found = REPLY.match(line.data)
    if found and previous and previous.kind in (Kind.CLIENT, Kind.SERVER, Kind.START):
        return Row(Kind.SERVER, line.number, found["reply"])
    if line.data.startswith(b"... ") or TOLD.match(line.data):
        kind = Kind.START if b"... Connecting to " in line.data else Kind.NOTE
        return Row(kind, line.number, line.data.strip())
    return None
