"""nodemailer before 1.0 and simplesmtp: `SERVER 1:` and `CLIENT 1:` with a branch drawn below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely, note
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "times", "content", "endpoints"})
HEAD = re.compile(rb"[ \t]*(?:(?P<server>SERVER)|CLIENT) ?(?P<key>[0-9]{0,9}):[ \t]*$")
BRANCH = re.compile("[ \t]*(?:└──|`--|\\+--|\\|__|â””â”€â”€)".encode())
MARK = re.compile(HEAD.pattern.replace(b"?P<server>", b"?:").replace(b"?P<key>", b"?:") + b"|" + BRANCH.pattern)


def confidence(text: Text) -> float:
    """By the share of its heads and branches."""
    return likely(text, HEAD, 0.7, 0.94)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, told apart by their numbers."""
    return connections(text, "nodemailer_tree", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    kind, key, below = Kind.NOTE, b"", False
    for line in text.lines:
        head = HEAD.match(line.data)
        branch = BRANCH.match(line.data)
        if head:
            kind, key, below = Kind.SERVER if head["server"] else Kind.CLIENT, head["key"], False
        elif branch and kind is not Kind.NOTE:
            below = True
            yield Row(kind, line.number, line.data[branch.end() :], key)
        elif below and kind is not Kind.NOTE and line.data.startswith((b"   ", b"\t")):
            yield Row(kind, line.number, line.data.removeprefix(b"   "), key)
        elif line.data.strip():
            yield note(line, key)
