"""A table of values: a script is played once a row, its header names the values (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from smtptrace.errors import UsageError
from smtptrace.replay.values import MissingValueError, checked

MOST_ROWS = 10_000
MOST_OCTETS = 16 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

Row = Mapping[str, str]


def read_rows(octets: bytes) -> tuple[Row, ...]:
    """The rows of a table in UTF-8, empty lines left out; every value can stand in a command.

    Raises:
        UsageError: it is no such table, too large, or a value holds a line end.
    """
    if len(octets) > MOST_OCTETS:
        raise UsageError(f"a table of more than {MOST_OCTETS} octets")
    try:
        text = octets.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"no table of values: {error}") from error
    if len(lines) < 2:
        raise UsageError("a table of values has a header and at least one row")
    if len(lines) - 1 > MOST_ROWS:
        raise UsageError(f"a table of more than {MOST_ROWS} rows")
    names = _names(lines[0])
    return tuple(_row(number, names, line) for number, line in enumerate(lines[1:], 1))


def _names(header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            raise UsageError(f"the header names {name!a}, which is no name of a value, or twice")
    return names


def _row(number: int, names: list[str], line: list[str]) -> Row:
    if len(line) != len(names):
        raise UsageError(f"row {number} has {len(line)} values for {len(names)} names")
    row = dict(zip(names, line, strict=True))
    for name, value in row.items():
        try:
            checked(name, value)
        except MissingValueError as error:
            raise UsageError(f"row {number}: {error}") from error
    return row
