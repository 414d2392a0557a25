"""A lone reply line, exception text or server log line: one reply, and notes for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "greeting", "commands", "replies", "content", "credentials", "tls", "endpoints"})
MARK = None
MOST = 200
LONGEST = 20_000

REPLY = re.compile(
    rb"(?<![0-9.:/#-])(?P<reply>[2-5][0-5][0-9](?:(?:[ -]#?[245]\.[0-9]{1,3}\.[0-9]{1,3}\b)|[ -](?=[A-Za-z<\"'(\[*#]))[^\n]*)"
)
"""A code followed by an enhanced code, or by the beginning of a text."""

TUPLE = re.compile(rb"\((?P<code>[2-5][0-5][0-9]), ?b?(?P<string>['\"].*)")
"""A code and a text as Python's exceptions show them."""

TALK = re.compile(
    rb"smtp|mail|auth|tls|ssl|recipient|sender|relay|rcpt|ehlo|helo|login|postfix|exim|sendmail|exchange|dovecot|sasl|spam|blocked|mx\b"
    rb"|reply|respon|server|deliver|bounce|queue|message|address|user|connection|550|535|554|421|error|fail|denied|reject",
    re.I,
)
"""A word that shows that a line is about mail."""

FAILURE = re.compile(
    rb"SSL routines|error:[0-9A-F]{8}|wrong version number|certificate verify failed|handshake|synchronization error|\bE(?:SOCKET|AUTH|ENVELOPE|CONNECTION|TIMEDOUT"
    rb"|CONNREFUSED|CONNRESET|PROTOCOL|STREAM|DNS|TLS)\b|(?:SMTP|Smtp|Mail|Messaging|Authentication|Ssl|TLS|Socket|Send)\w*(?:Error|Exception|Failure)\b"
    rb"|(?:SMTP|smtp)[ :-].{0,80}(?:fail|error|refused|timed? ?out|reject|denied|not |unable|could)|SASL .{0,80}fail|LogonDenied|authentication failed"
    rb"|(?:smtp|mail|submission).{0,80}Connection (?:refused|reset|timed out|closed)|lost connection|no shared cipher|unsupported protocol"
)
"""A line that tells of a failure around SMTP without quoting a reply."""

END = re.compile(rb"(?:\\r)?\\n|\\r|['\"](?:[,)}\].]|$).*$|</?[a-z]+>")


def confidence(text: Text) -> float:
    """Never more than the last resort."""
    return 0.05 if next(_rows(text), None) is not None else 0.0


def read(text: Text) -> tuple[Connection, ...]:
    """One connection with the replies that the text quotes, and its lines as notes."""
    rows = list(_rows(text))
    if not rows:
        return ()
    return connections(text, "bare", rows, HIDES)


def _rows(text: Text) -> Iterator[Row]:
    lines = [line for line in text.lines if line.data.strip() and len(line.data) <= LONGEST][:MOST]
    quoted = any(_reply(line) for line in lines if TALK.search(line.data))
    if not quoted and not any(FAILURE.search(line.data) for line in lines):
        return
    if not quoted:
        yield Row(Kind.START, lines[0].number)
    seen: set[bytes] = set()
    for line in lines:
        reply = _reply(line)
        yield Row(Kind.NOTE, line.number, line.data.strip())
        if reply and reply not in seen:
            seen.add(reply)
            yield Row(Kind.SERVER, line.number, reply)


def _reply(line: Line) -> bytes | None:
    pair = TUPLE.search(line.data)
    if pair:
        return pair["code"] + b" " + _cut(pair["string"][1:])
    found = REPLY.search(line.data)
    return _cut(found["reply"]) if found else None


def _cut(text: bytes) -> bytes:
    return END.split(text, maxsplit=1)[0].strip().rstrip(b"'\"")


