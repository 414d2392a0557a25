"""The tables of a web page as tables of plain text: a row a line, bars between the cells."""

from __future__ import annotations

import re

ROW = re.compile(rb"<tr\b[^<>]{0,300}>(?P<cells>[^<]*(?:<(?!/?tr\b)[^<]*)*)</tr>", re.I)
CELL = re.compile(rb"[ \t\r\n]*<t[dh]\b[^<>]{0,300}>|</t[dh]>[ \t\r\n]*", re.I)
BREAK = re.compile(rb"<br ?/?>", re.I)
BARS = re.compile(rb"^[ \t]*\|[^\n]*\|[ \t]*\r?$", re.M)
TAG = re.compile(rb"</?(?:code|pre|span|p|div|samp|tt|kbd|b|i|em|strong|a)(?: [^<>]{0,300})?>", re.I)
LINE_IN_CELL = b"\v"
"""Parts the lines of one cell."""

LINE = re.compile(rb"[ \t]*+\r?\n[ \t]*")


def as_bars(data: bytes) -> bytes:
    """The text with each `<tr>` as one line of `| cell | cell |`; what stands below it keeps its place.

    A `<br>` between bars parts the lines of one cell, not the rows of the table.
    """
    return BARS.sub(lambda row: BREAK.sub(LINE_IN_CELL, row[0]), ROW.sub(_row, data))


def _row(found: re.Match[bytes]) -> bytes:
    cells = [TAG.sub(b"", cell).strip() for cell in CELL.split(found["cells"])][1::2]
    said = b" | ".join(LINE.sub(b" ", BREAK.sub(LINE_IN_CELL, cell.replace(b"|", rb"\|"))) for cell in cells)
    return (b"| " + said + b" |" if cells else b"") + b"\n" * found.group().count(b"\n")
