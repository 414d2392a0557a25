"""Segments of several files as one timeline, and what can be told of its times."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from smtptrace.segment import Segment
from smtptrace.wire import PART_BITS, Connection, Octets


def of(parts: Sequence[Iterator[Segment]]) -> Iterator[Segment]:
    """The segments of all parts by packet time; frames tell the part (see `wire.Origin.locate`)."""
    if len(parts) == 1:
        return parts[0]
    numbered = [_numbered(segments, at << PART_BITS) for at, segments in enumerate(parts)]
    return heapq.merge(*numbered, key=lambda segment: segment[2])


def _numbered(segments: Iterator[Segment], base: int) -> Iterator[Segment]:
    for key, frame, *rest in segments:
        yield (key, base + frame, *rest)  # type: ignore[misc]


def moved(segments: Iterable[Segment], offset_ns: int) -> Iterator[Segment]:
    """The segments with their times moved by so many nanoseconds."""
    for key, frame, time_ns, *rest in segments:
        yield (key, frame, time_ns + offset_ns, *rest)  # type: ignore[misc]


def moved_connection(connection: Connection, offset_ns: int) -> Connection:
    """The same for the connection of a text; times that are not known stay so."""

    def later(time_ns: int | None) -> int | None:
        return None if time_ns is None else time_ns + offset_ns

    events = [
        replace(
            event, time_ns=later(event.time_ns), places=[(at, later(when), where) for at, when, where in event.places]
        )
        if isinstance(event, Octets)
        else replace(event, time_ns=later(event.time_ns))
        for event in connection.events
    ]
    return replace(connection, time_ns=later(connection.time_ns), events=events)


def watched(segments: Iterable[Segment], longest_ns: int, silences: list[tuple[int, int]]) -> Iterator[Segment]:
    """The same segments; stretches of more than `longest_ns` between two of them are added to `silences`."""
    last: int | None = None
    for segment in segments:
        time_ns = segment[2]
        if last is not None and time_ns - last > longest_ns:
            silences.append((last, time_ns))
        last = time_ns if last is None else max(last, time_ns)
        yield segment
