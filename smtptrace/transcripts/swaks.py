"""swaks: ` -> ` and `<-  `, with `~` under TLS and `*` where a reply was not the expected one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

# Credentials are hidden with -ahp, content with --suppress-data.
HIDES = frozenset({"line-ends", "times", "credentials", "content"})
SENT = rb"(?: ->|\*\*>| ~>|\*~>|~>|->)"
GOT = rb"(?:<- ?|<\*\*|<~ ?|<~\*)"
"""A web page makes one space of two."""

LINE = re.compile(
    SENT
    + rb" (?P<unseen>[0-9]+ lines sent$)|"
    + SENT
    + rb"(?: |$)(?P<client>.*)|"
    + GOT
    + rb"(?: |$)(?P<server>.*)|<-(?: |$)(?P<note>$)"
    rb"|=== (?P<start>Trying (?P<peer>\S+?)(?:\.\.\.)?$)|(?:===|\*\*\*)(?: |$)(?P<info>.*)"
)
MARK = re.compile(
    SENT + rb"(?: |$)|" + GOT + rb" |=== (?:Trying|Connected to|TLS|response in|Connection closed) ?|\*\*\* \w"
)

ARROW = re.compile(SENT + rb"(?: |$)|" + GOT + rb" ")


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, ARROW, 0.5, 0.97)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each `=== Trying`."""
    return connections(text, "swaks", marked(text, LINE), HIDES)
