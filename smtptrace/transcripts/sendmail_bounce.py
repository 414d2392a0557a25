"""The transcript in a bounce, as sendmail, Courier and others write it: `>>> ` sent, `<<< ` received."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely, marked
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection, Gap, GapReason, Side

# It keeps what was refused: the last command that was sent, and the replies that came since.
HIDES = frozenset({"line-ends", "greeting", "commands", "replies", "content", "closing", "tls", "times"})
LINE = re.compile(
    rb"[ \t]*(?:>>> ?(?P<client>.*)|<<< ?(?P<server>.*)|(?P<start>\.{3,4} while talking to (?P<peer>\S+?)\.?:.*))"
)
MARK = re.compile(
    rb"[ \t]*(?:>>> (?:(?i:EHLO|HELO|LHLO|MAIL|RCPT|DATA|AUTH|QUIT|RSET|STARTTLS|BDAT|VRFY|NOOP)\b|\.$|\()"
    rb"|<<< [2-5][0-9][0-9]|\.{3,4} while talking to )"
)
SIGN = re.compile(rb"[ \t]*(?:<<< [2-5][0-9][0-9]|\.{3,4} while talking to )")
TOLD = re.compile(
    rb".*(?:\.\.\. (?:Deferred|User|Service|Host|Data|Connection)|[45]\.[0-9]\.[0-9])|[45][0-9][0-9] [45]\.", re.I
)


def confidence(text: Text) -> float:
    """By the share of its marks, where replies have one."""
    return likely(text, MARK, 0.6, 0.95) if any(SIGN.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each host talked to."""
    return connections(text, "sendmail_bounce", _answered(marked(text, LINE, _unmarked)), HIDES)


def _unmarked(line: Line, _: Row | None) -> Row | None:
    return Row(Kind.NOTE, line.number, line.data.strip()) if TOLD.match(line.data) else None


def _answered(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows with each command before the reply that can be its own.

    The command shown is the last that was sent. With PIPELINING several replies stand below it; they came in the order
    of the commands (RFC 2920, 3.1), so all but the last answer commands that are not shown.
    """
    asked: Row | None = None
    block: list[Row] = []
    for row in rows:
        if row.kind in (Kind.CLIENT, Kind.START):
            yield from _block(asked, block)
            asked, block = row, []
        else:
            block.append(row)
    yield from _block(asked, block)


def _block(asked: Row | None, rows: list[Row]) -> Iterator[Row]:
    ends = [at for at, row in enumerate(rows) if row.kind is Kind.SERVER and row.data[3:4] != b"-"]
    if asked and asked.kind is Kind.CLIENT and len(ends) > 1:
        gap = Gap(Side.CLIENT, None, GapReason.NOT_LOGGED, None, asked.frame)
        yield asked._replace(kind=Kind.EVENT, data=b"", event=gap)
        yield from rows[: ends[-2] + 1]
        yield asked._replace(frame=rows[ends[-2] + 1].frame)  # no row is told before one that stands above it
        yield from rows[ends[-2] + 1 :]
    else:
        yield from ((asked, *rows) if asked else rows)
