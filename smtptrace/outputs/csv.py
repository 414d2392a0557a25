"""One row a command, for spreadsheets and data frames; no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from smtptrace.outputs._text import visible
from smtptrace.outputs._time import iso
from smtptrace.smtp import Exchange
from smtptrace.trace import Trace
from smtptrace.wire import Origin

FORMAT = "csv"
COLUMNS = ("session", "client", "server", "frame", "time", "tls", "verb", "argument", "code", "enhanced", "reply", "ms")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def writer(stream: BinaryIO) -> Callable[[Trace, str], None]:
    """What writes the rows of one session after the other to `stream`, below a row of headings."""
    stream.write(_row(COLUMNS))

    def session(trace: Trace, name: str) -> None:
        connection = trace.session.connection
        for exchange in trace.session.exchanges:
            stream.write(
                _row((name, str(connection.client), str(connection.server), *_cells(exchange, connection.origin)))
            )

    return session


def _cells(exchange: Exchange, origin: Origin) -> Iterator[object]:
    command, reply = exchange.command, exchange.reply
    span = command.span if command else reply.span if reply else None
    yield origin.name(span.frame) if span else None
    yield iso(span.time_ns) if span else None
    yield "yes" if exchange.tls else "no"
    yield command.verb if command else None
    yield visible(command.argument) if command else None
    yield reply.code if reply else None
    yield reply.enhanced if reply else None
    yield " | ".join(visible(text) for text in reply.texts) if reply else None
    yield None if exchange.latency_ns is None else f"{exchange.latency_ns / 1e6:.3f}"


def _row(cells: tuple[object, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _harmless(cell: object) -> str:
    value = "" if cell is None else str(cell)
    return f"'{value}" if value.startswith(_FORMULA) else value
