"""sendmail -v: `>>> ` for what it sent, nothing before the replies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, endpoint, likely, marked
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "content", "tls", "times"})
VERBOSE = rb"(?:050[ -])?"
LINE = re.compile(rb"[ \t]*" + VERBOSE + rb">>> ?(?P<client>.*)")
CONNECTING = re.compile(VERBOSE + rb"\S+\.\.\. Connecting to (?P<peer>\S+?)\.?(?: port (?P<port>[0-9]{1,5}))? via \w+")
MARK = re.compile(
    rb"[ \t]*"
    + VERBOSE
    + rb"(?:>>> (?:(?i:EHLO|HELO|LHLO|MAIL|RCPT|DATA|AUTH|QUIT|RSET|STARTTLS|BDAT|VRFY|NOOP)\b|\.$|\()"
    rb"|\S+\.\.\. Connecting to \S+ )"
)
RECEIVED = re.compile(rb"[ \t]*<<< [2-5][0-9][0-9]")
REPLY = re.compile(VERBOSE + rb"(?P<reply>[2-5][0-9][0-9](?:[ -].*|$))")
TOLD = re.compile(rb".*\.\.\. (?:Connecting|Deferred|User|Sent|Service|Host|Data|Connection|Using)|Closing conn", re.I)


def confidence(text: Text) -> float:
    """By the share of its marks, where replies have none."""
    return 0.0 if any(RECEIVED.match(line.data) for line in text.lines) else likely(text, MARK, 0.6, 0.95)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each connection it says it makes."""
    return connections(text, "sendmail", marked(text, LINE, _unmarked), HIDES)


def _unmarked(line: Line, previous: Row | None) -> Row | None:
    """Replies stand without a mark, after what was sent or the line that says whereto."""
    found = REPLY.match(line.data)
    if found and previous and previous.kind in (Kind.CLIENT, Kind.SERVER, Kind.START):
        return Row(Kind.SERVER, line.number, found["reply"])
    called = CONNECTING.match(line.data)
    if called:
        server = endpoint(called["peer"])
        port = int(called["port"] or 0) & 0xFFFF
        server = server._replace(port=port) if server else None
        return Row(Kind.START, line.number, line.data.strip(), server=server)
    return Row(Kind.NOTE, line.number, line.data.strip()) if TOLD.match(line.data) else None
