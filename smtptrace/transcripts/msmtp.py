"""msmtp --debug: `<-- ` and `--> ` after its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "times"})
LINE = re.compile(
    rb"--> ?(?P<client>.*)|<-- ?(?P<server>.*)|(?P<note>host += (?P<peer>\S+)|port += (?P<host>)(?P<port>[0-9]{1,5}))$"
    rb"|(?P<noise>[a-z_ ]{3,40} = .*"
    rb"|loaded .* configuration file .*|[ \t]+(?:CN|O|OU|C|L|ST)=.*)"
)
MARK = re.compile(rb"(?:-->|<--)(?: (?!b['\"])|$)")


def confidence(text: Text) -> float:
    """By the share of its marks."""
    return likely(text, MARK, 0.5, 0.93)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each greeting."""
    rows = (row._replace(data=b"") if row.server else row for row in marked(text, LINE))  # a setting is no note
    return connections(text, "msmtp", rows, HIDES)
