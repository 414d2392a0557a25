"""A dialogue without marks: a telnet window, PuTTY, gsasl, `Follow stream` text; replies are told by their code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._folded import unfolded
from smtptrace.transcripts._infer import COMMAND, is_reply, sides
from smtptrace.transcripts._rows import COLUMNS, Kind, Row, endpoint
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection, Endpoint, Exactness, Octets

HIDES = frozenset({"line-ends", "times", "tls"})
MARK = None
CALLED = re.compile(
    rb"(?:.{0,120}[$#%>] ?)?(?:telnet|OPEN|o|nc|ncat|netcat"
    rb"|openssl s_client(?: -\S+(?: [a-z]\S*)?)*? -connect)(?: -\S+)* +(?P<host>[A-Za-z0-9_.:-]{1,253}"
    rb")[ :]+(?P<port>[0-9]{1,5})(?: -\S+(?: [a-z]\S*)?)*[ \t]*",
    re.I,
)
TRYING = re.compile(
    rb"(?:=== )?(?:Trying|Connected to|Connecting to) (?P<peer>\S+?)(?:\.{1,3}|\xe2\x80\xa6)?[ \t]*(?:Open|\.\.\.)?",
    re.I,
)
CLOSED = re.compile(
    rb"(?:Connection (?:to (?:the )?\S+ )?(?:closed|lost)|Closed by|Script done on|Expected EOF|End of script)\b.*",
    re.I,
)
CARET = re.compile(rb"\^(?:[HUW?]|\[(?=\[[A-D]))")
"""Editing keys as a terminal shows them that sends them."""

SCRIPT = re.compile(rb"\*{4} SMTP testing session|Connection request")


def confidence(text: Text) -> float:
    """By the replies and commands; there must be both, or a greeting with more replies or after a connect line."""
    replies = commands = total = 0
    greeting = connected = False
    for line in text.octets:
        data = line.strip()
        total += bool(data)
        connected = connected or data.startswith(b"Connected to ")
        if is_reply(data):
            replies += 1
            greeting = greeting or data.startswith(b"220")
        else:
            commands += len(data) < 4096 and COMMAND.fullmatch(data) is not None
    if not replies or not (commands or (greeting and (replies > 1 or connected))):
        return 0.0
    return 0.2 + 0.28 * (replies + commands) / total


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each connect line or greeting."""
    found = connections(text, "telnet", keyed(sides(list(said(text)))), HIDES)
    return tuple(connection for connection in found if _is_dialogue(connection))


def _is_dialogue(connection: Connection) -> bool:
    """Whether it is more than a number at the beginning of a line of prose."""
    said_by = {event.side for event in connection.events if isinstance(event, Octets)}
    first = next((event.data for event in connection.events if isinstance(event, Octets)), b"220")
    return len(said_by) != 1 or first.startswith((b"220", b"421", b"4", b"554")) or connection.server.host != ""


def keyed(rows: Iterable[Row]) -> Iterator[Row]:
    """The client's lines as they were sent where a terminal shows the keys that were pressed.

    Backspace-space-backspace is how a terminal takes a character back that was not sent yet; `^H` is how it shows a
    backspace that was. A lone backspace was sent too.
    """
    content = False
    for row in rows:
        content = row.data.startswith(b"354") if row.kind is Kind.SERVER else content and row.data != b"."
        if row.kind is Kind.CLIENT and (b"\x08" in row.data or (not content and CARET.search(row.data))):
            sent = erased(row.data) if content else CARET.sub(_control, erased(row.data))
            yield row if sent == row.data and b"\x08" not in sent else row._replace(data=sent, typed=row.data)
        else:
            yield row


def erased(line: bytes) -> bytes:
    """The line without the characters that the terminal took back before the line was sent."""
    kept: list[bytes] = []
    parts = line.split(b"\x08 \x08")
    for part in parts[:-1]:
        kept.append(part)
        while kept and not kept[-1]:
            kept.pop()
        if kept:
            kept[-1] = _without_last(kept[-1])
    return b"".join(kept) + parts[-1]


def _without_last(data: bytes) -> bytes:
    return data.decode("utf-8", "surrogateescape")[:-1].encode("utf-8", "surrogateescape")


def _control(found: re.Match[bytes]) -> bytes:
    return b"\x7f" if found[0] == b"^?" else bytes((found[0][1] & 0x1F,))


def said(text: Text) -> Iterator[Row]:
    """Each line as one that somebody said, but for those of the terminal program."""
    indent = 0
    for line in unfolded(unwrapped(text.lines)):
        data = line.data
        if data[:1].isspace():
            bare = data.lstrip(b" \t")
            if is_reply(bare):
                indent = len(data) - len(bare)
            data = data[min(indent, len(data) - len(bare)) :]
        elif data:
            indent = 0
        yield _row(line, data)


def unwrapped(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines with those put together that an 80-column console wrapped: none is longer, the next begins nothing."""
    if max((len(line.data) for line in lines), default=0) != COLUMNS:
        yield from lines
        return
    held: Line | None = None
    content = goes_on = False
    for line in lines:
        if held and goes_on and not content and not _begins(line.data):
            held = held._replace(data=held.data + line.data)
        else:
            if held:
                yield held
            held = line
        goes_on = len(line.data) == COLUMNS
        content = line.data.startswith(b"354") or (content and line.data != b".")
    if held:
        yield held


def _begins(line: bytes) -> bool:
    """Whether the line is surely the beginning of one."""
    return not line.strip() or is_reply(line) or COMMAND.fullmatch(line) is not None or line.startswith(b"TlRMTVNTUA")


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
