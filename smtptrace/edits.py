"""Octets of a connection replaced where they stand; everything else of it stays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import NamedTuple

from smtptrace.wire import Connection, Event, Exactness, Gap, Octets, Side


class Edit(NamedTuple):
    """Octets to stand at `start` to `stop` of one side's stream, counted as in `wire.Span`.

    `exactness` says how near the lines with these octets are to the wire then; None leaves it as it was.
    """

    side: Side
    start: int
    stop: int
    octets: bytes
    exactness: Exactness | None = None


def apply(connection: Connection, edits: Iterable[Edit]) -> Connection:
    """The connection with the edits made.

    Octets of another length all go to where the replaced ones began. Where two edits overlap, the first counts; of the
    second what lies behind it, or nothing but the removal where its octets have another length.
    """
    waiting = _in_order(edits)
    if not any(waiting):
        return connection
    return replace(connection, events=tuple(_edited(connection.events, waiting)))


def runs(connection: Connection) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """The octets of each side that follow each other without a gap: (where they start, octets)."""
    found: tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]] = ([], [])
    pieces: tuple[list[bytes], list[bytes]] = ([], [])
    at = [0, 0]
    for event in connection.events:
        if isinstance(event, Octets):
            pieces[event.side].append(event.data)
        elif isinstance(event, Gap):
            at[event.side] = _joined(found[event.side], pieces[event.side], at[event.side]) + (event.size or 0)
    for side in Side:
        _joined(found[side], pieces[side], at[side])
    return found


def _joined(found: list[tuple[int, bytes]], pieces: list[bytes], start: int) -> int:
    """Add the pieces as one run; where it stops."""
    octets = b"".join(pieces)
    pieces.clear()
    if octets:
        found.append((start, octets))
    return start + len(octets)


def _in_order(edits: Iterable[Edit]) -> tuple[list[Edit], list[Edit]]:
    """The edits of each side, the last first; of one that overlaps the one before only its rest."""
    sides: tuple[list[Edit], list[Edit]] = ([], [])
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.stop)):
        kept = sides[edit.side]
        rest = _after(kept[-1].stop, edit) if kept else edit
        if rest.start < rest.stop:
            kept.append(rest)
    for kept in sides:
        kept.reverse()
    return sides


def _after(stop: int, edit: Edit) -> Edit:
    """What is left of an edit behind `stop`."""
    if edit.start >= stop:
        return edit
    octets = edit.octets[stop - edit.start :] if len(edit.octets) == edit.stop - edit.start else b""
    return edit._replace(start=stop, octets=octets)


def _edited(events: Iterable[Event], waiting: tuple[list[Edit], list[Edit]]) -> Iterator[Event]:
    at = [0, 0]
    for event in events:
        if isinstance(event, Octets):
            start, side = at[event.side], event.side
            at[side] += len(event.data)
            if waiting[side] and waiting[side][-1].start < at[side]:
                yield from _changed(event, start, waiting[side])
                continue
        elif isinstance(event, Gap):
            at[event.side] += event.size or 0
        yield event


def _changed(event: Octets, start: int, waiting: list[Edit]) -> Iterator[Octets]:
    """The event after the edits that begin or go on in it, packet by packet; those that end in it are taken away."""
    for piece in packets(event):
        stop = start + len(piece.data)
        here = []
        while waiting and waiting[-1].start < stop:
            here.append(waiting[-1])
            if waiting[-1].stop > stop:
                break
            waiting.pop()
        exactness = next((edit.exactness for edit in here if edit.exactness), None)
        for part, first, touched in _by_lines(piece, start, here) if exactness else ((piece, start, True),):
            data = _replaced(part.data, first, here)
            if data:
                yield replace(part, data=data, exactness=exactness if exactness and touched else part.exactness)
        start = stop


def packets(event: Octets) -> Iterator[Octets]:
    """The event packet by packet."""
    starts = [(0, event.time_ns, event.frame), *event.places]
    stops = [*(start for start, _, _ in starts[1:]), len(event.data)]
    for (start, time_ns, frame), stop in zip(starts, stops, strict=True):
        yield replace(event, data=event.data[start:stop], time_ns=time_ns, frame=frame, places=())


def _by_lines(piece: Octets, start: int, edits: Sequence[Edit]) -> Iterator[tuple[Octets, int, bool]]:
    """The lines of a piece with edits and those without, each group as (piece, where it starts, whether edited)."""
    stops = [edit.stop for edit in edits]

    def touched(line: tuple[int, int]) -> bool:
        at = bisect_right(stops, start + line[0])
        return at < len(edits) and edits[at].start < start + line[1]

    for edited, group in groupby(_line_places(piece.data), touched):
        lines = list(group)
        first = lines[0][0]
        yield replace(piece, data=piece.data[first : lines[-1][1]]), start + first, edited


def _line_places(data: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start) + 1 or len(data)
        yield start, stop
        start = stop


def _replaced(data: bytes, start: int, edits: Iterable[Edit]) -> bytes:
    """The octets that stand from `start` on after the edits."""
    stop = start + len(data)
    pieces = []
    at = start
    for edit in edits:
        first, last = max(edit.start, start), min(edit.stop, stop)
        if first >= last:
            continue
        pieces.append(data[at - start : first - start])
        if len(edit.octets) == edit.stop - edit.start:
            pieces.append(edit.octets[first - edit.start : last - edit.start])
        elif edit.start >= start:
            pieces.append(edit.octets)
        at = last
    return b"".join(pieces) + data[at - start :]


def in_frame_order(connection: Connection) -> Connection:
    """The connection with its events in the order of their packets, where the frames tell another one.

    A connection whose beginning is missing gives the octets of one side after those of the other.
    """
    if all(one[1] <= two[0] for one, two in pairwise(_order(connection.events))):
        return connection
    pieces: list[Event] = []
    for event in connection.events:
        pieces.extend(packets(event) if isinstance(event, Octets) else (event,))
    order = _order(pieces)
    return replace(connection, events=tuple(pieces[at] for at in sorted(range(len(pieces)), key=order.__getitem__)))


def _order(events: Sequence[Event]) -> list[tuple[int, int]]:
    """The frames between which the octets of each event came, those before it of its side included.

    What has no frame stays behind all that was before it.
    """
    reached = [0, 0]
    keys: list[tuple[int, int]] = []
    for event in events:
        side = getattr(event, "side", None)
        if event.frame is None or side is None:
            keys.append((max(*reached, event.frame or 0),) * 2)
            continue
        first = max(reached[side], event.frame)
        last = event.places[-1][2] if isinstance(event, Octets) and event.places else None
        reached[side] = max(first, last or 0)
        keys.append((first, reached[side]))
    return keys
