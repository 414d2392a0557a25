"""JavaMail, Jakarta Mail and Angus Mail: what was said without marks, between lines of `DEBUG SMTP:`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import is_reply, sides
from smtptrace.transcripts._rows import Kind, Row, likely, note
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection, Endpoint, Exactness

HIDES = frozenset({"line-ends", "replies", "credentials", "tls", "times"})
MARK = re.compile(rb"(?:\S+ )?DEBUG(?: SMTPS?)?: ")
TRYING = re.compile(
    rb".*trying to connect to host \"(?P<host>[^\"]*)\", port (?P<port>[0-9]{1,5}), isSSL (?:true|false)"
)
SUPPRESSED = re.compile(rb"DEBUG SMTPS?: (?P<command>AUTH [\w-]+) command trace suppressed")
THROWN = re.compile(
    rb"(?:Exception in thread \"[^\"]*\" |Caused by: |[ \t]+nested exception is:|[\w $.-]{0,80}?THROW:)"
    rb"|(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b"
)
"""Begins what an exception says; it may quote a reply over several lines."""

ANSWERED = re.compile(rb"DEBUG SMTPS?: AUTH [\w-]+ (?:succeeded|failed)")
REFUSED = re.compile(
    rb"(?:Exception in thread \"[^\"]*\" "
    rb"|Caused by: )?(?:\w+\.)+AuthenticationFailedException: (?P<reply>[245][0-9][0-9][ -].*)"
)


def confidence(text: Text) -> float:
    """Sure where its debug lines stand."""
    return likely(text, re.compile(rb"DEBUG SMTPS?: "), 0.8, 0.97)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each host that it tries to connect to."""
    return connections(text, "javamail", sides(list(_rows(text))), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    """The lines; a suppressed AUTH is a command whose reply only the exception tells."""
    hidden = thrown = False
    refused = any(REFUSED.match(line.data) for line in text.lines)
    for line in text.lines:
        if line.data.startswith(b"DEBUG"):
            yield _debug(line)
        thrown = THROWN.match(line.data) is not None or (thrown and is_reply(line.data))
        reply = REFUSED.match(line.data) if hidden else None
        command = SUPPRESSED.match(line.data)
        if command:
            hidden = True
            yield Row(Kind.CLIENT, line.number, command["command"], exactness=Exactness.MASKED)
        elif hidden and ANSWERED.match(line.data) and not refused:
            hidden = False
            yield Row(Kind.UNHEARD, line.number)
        elif reply:
            hidden = False
            yield note(line)
            yield Row(Kind.SERVER, line.number, reply["reply"])
        elif thrown:
            yield note(line)
        elif not line.data.startswith((b"DEBUG", b"\tat ")):
            yield Row(Kind.SAID, line.number, line.data)


def _debug(line: Line) -> Row:
    trying = TRYING.match(line.data)
    if trying:
        server = Endpoint(trying["host"].decode("utf-8", "replace"), int(trying["port"]) & 0xFFFF)
        return Row(Kind.START, line.number, line.data, server=server)
    return note(line)
