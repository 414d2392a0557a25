"""Swift Mailer and Symfony Mailer: `>> ` and `<< `, or `> ` and `< `, with `!!` for errors."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.wire import Connection

# What is told of a message ends with it.
HIDES = frozenset({"line-ends", "content", "closing", "tls", "times", "endpoints"})
LINE = re.compile(
    rb"(?:\[(?P<time>[0-9]{4}-[0-9-]{5}[T ][0-9:.]{8,15}(?:Z|[+-][0-9:]{4,6})?)\] )?"
    rb"(?:>{1,2} (?P<unseen>\.[ \t]*$)|>{1,2} (?P<client>.*)|<{1,2} (?P<server>.*)|(?P<note>(?:!!|\+\+|==) .*))"
)
MARK = re.compile(rb"(?:\[[0-9T:. +-]{10,35}\] )?(?:>{1,2} (?:[A-Za-z]|\.$)|<{1,2} [2-5][0-9][0-9][ -]|!! |\+\+ )")

REPLY = re.compile(rb"(?:\[[0-9T:. +-]{10,35}\] )?<{1,2} [2-5][0-9][0-9]")


def confidence(text: Text) -> float:
    """By the share of its marks; curl's are the same, but curl speaks for itself as well."""
    return likely(text, MARK, 0.4, 0.62) if any(REPLY.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each greeting."""
    return connections(text, "symfony", marked(text, LINE), HIDES)
