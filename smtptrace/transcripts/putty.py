"""PuTTY's session log: its header line, then the terminal's output, with its control characters or without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._infer import COMMAND, is_reply, sides
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._text import Text
from smtptrace.transcripts.telnet import erased, keyed, said
from smtptrace.wire import Connection, Exactness

HIDES = frozenset({"line-ends", "times", "tls"})
CONTROL = re.compile(rb"[\x07\x08\x1b\x7f]")
SPACES = re.compile(rb"( +)")
MOST_RUNS = 4
LONGEST = 200
START = re.compile(rb"(?:=~){4,}=? PuTTY log (?P<time>[0-9.]+ [0-9:]+) ")
MARK = START


def confidence(text: Text) -> float:
    """Sure by its header."""
    return 0.985 if any(START.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each header or greeting."""
    return connections(text, "putty", keyed(sides(list(_rows(text)))), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    printable = not any(CONTROL.search(line.data) for line in text.lines)
    for row in said(text):
        started = START.match(row.data)
        if started:
            yield row._replace(kind=Kind.START, data=b"", facts=(("recorded", started["time"].decode("ascii")),))
        else:
            yield _erasing(row) if printable and row.kind is Kind.SAID else row


def _erasing(row: Row) -> Row:
    """A line with the backspaces that "Printable output" leaves out.

    The terminal takes a character back by backspace, space, backspace, and of these the log keeps the space. So a line
    that is no command, and is one if spaces are read so in just one way, was typed so.
    """
    line = row.data
    pieces = SPACES.split(line) if len(line) < LONGEST else []
    runs = len(pieces) // 2
    if not 0 < runs <= MOST_RUNS or is_reply(line) or COMMAND.fullmatch(line):
        return row
    read = {_spelled(pieces, erase) for erase in product((False, True), repeat=runs)}
    meant = [keys for keys in read if COMMAND.fullmatch(erased(keys))]
    return row._replace(data=meant[0], exactness=Exactness.DECODED) if len(meant) == 1 else row


def _spelled(pieces: list[bytes], erase: tuple[bool, ...]) -> bytes:
    runs = (b"\x08 \x08" * len(run) if erases else run for run, erases in zip(pieces[1::2], erase, strict=True))
    return pieces[0] + b"".join(run + word for run, word in zip(runs, pieces[2::2], strict=True))
