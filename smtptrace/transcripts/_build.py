"""Rows -> Connections: what every dialect has in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from smtptrace.transcripts._maker import Maker
from smtptrace.transcripts._rows import Kind, Row
from smtptrace.transcripts._sessions import Sessions
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import Clock, Stamp
from smtptrace.wire import (
    Connection,
    Origin,
)


def connections(
    text: Text, dialect: str, rows: Iterable[Row], hides: frozenset[str], clock: Clock | None = None
) -> Iterator[Connection]:
    """The connections that rows tell of, each as soon as it is over.

    Args:
        text: where the rows come from.
        dialect: its name.
        hides: what the dialect does not show.
        clock: of a text whose sessions are read one by one.
    """
    clock = clock or Clock(text.zone, text.year)
    return (made for made, tells in _made(text, dialect, rows, hides, clock) if tells)


def remarks(text: Text, dialect: str, rows: Iterable[Row], hides: frozenset[str]) -> Iterator[Connection]:
    """The connections that rows tell of, those too of which they tell only by notes."""
    return (made for made, _ in _made(text, dialect, rows, hides, Clock(text.zone, text.year)))


def _made(
    text: Text, dialect: str, rows: Iterable[Row], hides: frozenset[str], clock: Clock
) -> Iterator[tuple[Connection, bool]]:
    """The connections, and whether each was at least tried: something was said, or the text tells that it failed."""
    for maker in _makers(_stamped(rows, text.stamps), clock, hides):
        if maker.events:
            origin = Origin(text.path, dialect, text.confidence, clock.basis)
            yield maker.connection(origin), maker.spoke or maker.failed


def _stamped(rows: Iterable[Row], stamps: Mapping[int, Stamp]) -> Iterable[Row]:
    """The rows with the times that stood before their lines, where they have none of their own."""
    if not stamps:
        return rows
    return (row if row.when else row._replace(when=stamps.get(row.frame)) for row in rows)


def _makers(rows: Iterable[Row], clock: Clock, hides: frozenset[str]) -> Iterator[Maker]:
    sessions = Sessions[Maker]()
    for row in rows:
        maker = sessions.get(row.key)
        if maker is None or maker.is_over(row):
            maker = sessions.begin(row.key, Maker(clock, hides))
        maker.take(row)
        if row.kind is Kind.END:
            sessions.end(row.key)
        yield from sessions.over()
    yield from sessions.rest()
