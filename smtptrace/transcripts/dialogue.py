"""`C: ` and `S: ` as the RFCs print dialogues; the form that smtptrace writes (docs/dialects.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from smtptrace.transcripts import _form
from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import likely, marked
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._write import write
from smtptrace.wire import Connection

__all__ = ["HIDES", "MARK", "confidence", "read", "write"]

HIDES = frozenset({"line-ends", "tls", "times", "endpoints"})
LINE = re.compile(
    rb"[ \t]*(?:(?:C|Client|CLIENT) ?: ?(?P<client>.*)|(?:S|Server"
    rb"|SERVER) ?: ?(?P<server>.*))|(?P<end>-{4,}|={4,})[ \t]*$"
)
MARK = re.compile(rb"[ \t]*[CS]: |[ \t]*[CS]:$|" + _form.COMMENT.pattern)


def confidence(text: Text) -> float:
    """Certain where its comments stand, else by the share of its marks."""
    if _form.is_ours(text):
        return 1.0
    return likely(text, re.compile(rb"[ \t]*[CS]:(?: |$)"), 0.5, 0.9)


def read(text: Text) -> Iterable[Connection]:
    """The sessions: what smtptrace wrote octet by octet, a foreign text by its marks."""
    return _form.read(text) if _form.is_ours(text) else connections(text, "dialogue", marked(text, LINE), HIDES)
