"""A dialogue without marks: a telnet window, PuTTY, gsasl, `Follow stream` text; replies are told by their code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import COMMAND, is_reply, sides
from smtptrace.transcripts._rows import Kind, Row, endpoint
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection, Endpoint, Exactness

HIDES = frozenset({"line-ends", "times", "tls"})
MARK = None
CALLED = re.compile(
    rb"(?:.{0,120}[$#%>] ?)?(?:telnet|OPEN|o|nc|ncat|netcat)(?: -\S+)* +(?P<host>[A-Za-z0-9_.:-]{1,253})[ :]+(?P<port>[0-9]{1,5})[ \t]*", re.I
)
TRYING = re.compile(rb"(?:Trying|Connected to|Connecting to) (?P<peer>\S+?)(?:\.{1,3}|\xe2\x80\xa6)?[ \t]*(?:Open|\.\.\.)?", re.I)
CLOSED = re.compile(rb"(?:Connection (?:to (?:the )?\S+ )?(?:closed|lost)|Closed by|Script done on|Expected EOF|End of script)\b.*", re.I)
SCRIPT = re.compile(rb"\*{4} SMTP testing session|Connection request")


def confidence(text: Text) -> float:
    """By the replies and commands; there must be both, or a greeting with more replies."""
    replies = commands = total = 0
    greeting = False
    for line in text.lines:
        data = line.data.strip()
        total += bool(data)
        if is_reply(data):
            replies += 1
            greeting = greeting or data.startswith(b"220")
        else:
            commands += len(data) < 4096 and COMMAND.fullmatch(data) is not None
    if not replies or not (commands or (greeting and replies > 1)):
        return 0.0
    return 0.2 + 0.28 * (replies + commands) / total


def read(text: Text) -> tuple[Connection, ...]:
    """The sessions, one for each connect line or greeting."""
    return connections(text, "telnet", sides(list(said(text))), HIDES)


def said(text: Text) -> Iterator[Row]:
    """Each line as one that somebody said, but for those of the terminal program."""
    indent = 0
    for line in text.lines:
        data = line.data
        if data[:1].isspace():
            bare = data.lstrip(b" \t")
            if is_reply(bare):
                indent = len(data) - len(bare)
            data = data[min(indent, len(data) - len(bare)) :]
        elif data:
            indent = 0
        yield _row(line, data)


def _row(line: Line, data: bytes) -> Row:
    exactness = Exactness.DECODED if line.changed else Exactness.LINE_END_SUPPLIED
    row = Row(Kind.SAID, line.number, data, exactness=exactness)
    if len(data) > 400:
        return row
    called = CALLED.fullmatch(data)
    if called:
        host = called["host"].decode("ascii")
        return row._replace(kind=Kind.START, server=Endpoint(host, int(called["port"]) & 0xFFFF))
    trying = TRYING.fullmatch(data)
    if trying:
        peer = trying["peer"].strip(b"'\xe2\x80\x98\xe2\x80\x99")
        return row._replace(kind=Kind.START, server=endpoint(peer))
    if CLOSED.fullmatch(data):
        return row._replace(kind=Kind.END)
    return row._replace(kind=Kind.START, data=data) if SCRIPT.match(data) else row
