"""curl -v: `> ` and `< ` for what was sent and received, `* ` for what curl says, braces for data not shown."""

from __future__ import annotations

import re

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import likely, marked
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


def read(text: Text) -> tuple[Connection, ...]:
    """The sessions, one for each connection that curl says it made."""
    return connections(text, "curl", marked(text, LINE), HIDES)
