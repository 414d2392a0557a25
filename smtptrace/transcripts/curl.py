"""curl -v: `> ` and `< ` for what was sent and received, `* ` for what curl says, braces for data not shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "content", "times", "closing"})
LINE = re.compile(
    rb"(?:\r?[ 0-9.kMG:-]{40,100}\r?)?(?:(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}) )?(?:\[[0-9x"
    rb"-]+\] )?(?:> ?(?P<client>.*)|< ?(?P<server>.*)"
    rb"|\* +(?P<start>Connected to \S+ \((?P<host>[0-9A-Fa-f.:]+)\) port (?P<port>[0-9]{1,5}).*)"
    rb"|\* ?(?P<note>.*)|\} \[(?P<unseen>[0-9]+ bytes data)\]|(?P<noise>\{ \[[0-9]+ bytes data\]"
    rb"|  % Total.*| +Dload .*))"
)
TIME = rb"(?:\r?[ 0-9.kMG:-]{40,100}\r?)?(?:[0-9:.]{10,15} )?(?:\[[0-9x-]+\] )?"
MARK = re.compile(
    TIME + rb"(?:\* +(?:Trying |Connected to |SSL|TLS|ALPN|CA|subject:|Connection|Closing|Host |upload"
    rb"|Server)|[{}] \[[0-9]+ bytes data\]|> |< [2-5][0-9][0-9]|curl: \()"
)
SIGN = re.compile(
    TIME + rb"(?:\* +(?:Trying |Connected to |Connection|Closing|Rebuilt|Host )|[{}] \[[0-9]+ bytes data\]|curl: \()"
)


def confidence(text: Text) -> float:
    """Sure where curl itself speaks; `>` and `<` alone are of others."""
    sign = likely(text, SIGN, 0.4, 0.45)
    return sign + likely(text, MARK, 0.3, 0.5) if sign else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each connection that curl says it made."""
    return connections(text, "curl", _asked(marked(text, LINE)), HIDES)


def _asked(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows with data that is not shown only where content is due: under TLS braces stand for records as well."""
    content = False
    for row in rows:
        content = row.data.startswith(b"354") if row.kind is Kind.SERVER else content
        if content or row.kind is not Kind.UNSEEN:
            yield row
