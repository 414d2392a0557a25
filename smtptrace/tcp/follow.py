"""Segments in, batches of connection events out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smtptrace.segment import Segment
from smtptrace.wire import Connection, Event, Origin

Batch = tuple[Connection, list[Event], bool]
"""(connection, its next events, whether these are the last)."""


@dataclass(slots=True)
class Limits:
    """Bounds on what is held; passing one is always reported."""

    idle_s: int = 3600
    flows: int = 100_000
    pending_octets: int = 16 * 1024 * 1024


def follow(segments: Iterable[Segment], origin: Origin, limits: Limits | None = None) -> Iterator[Batch]:
    """Put the streams of every SMTP connection among the segments in order."""
    raise NotImplementedError
