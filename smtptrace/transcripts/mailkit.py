"""MailKit's ProtocolLogger: `C: ` and `S: ` after a line that names the server."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "credentials", "tls", "endpoints"})
LINE = re.compile(
    rb"(?:(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z?)[ \t])?"
    rb"(?:C: ?(?P<client>.*)|S: ?(?P<server>.*)|(?P<start>Connected to smtps?://(?P<peer>[^/\s?]+).*))"
)
MARK = re.compile(rb"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z?[ \t])?[CS]:(?: |$)|Connected to smtps?://\S")
START = re.compile(rb".*?Connected to smtps?://")


def confidence(text: Text) -> float:
    """Sure where a line says what was connected to, else only with time stamps."""
    if not any(START.match(line.data) for line in text.lines[:50]):
        return 0.0
    return likely(text, LINE, 0.6, 0.98)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each line that says what was connected to."""
    return connections(text, "mailkit", marked(text, LINE), HIDES)
