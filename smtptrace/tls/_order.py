"""Octets of both sides put back into the order in which they were spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import merge
from itertools import groupby
from operator import itemgetter

from smtptrace.wire import Event, Octets, Side

_Ranked = tuple[int, Octets]


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events with octets in the order of their packets, where `tcp.Limits.ordered` did not ask for it."""
    ordered: list[Event] = []
    run: list[Octets] = []
    for event in events:
        if isinstance(event, Octets):
            run.append(event)
        else:
            ordered += [*_turns(run), event]
            run = []
    return [*ordered, *_turns(run)]


def _turns(run: list[Octets]) -> list[Octets]:
    sides = [[event for event in run if event.side is side] for side in Side]
    if not all(sides):
        return run
    pieces = merge(*map(_ranked, sides), key=itemgetter(0))
    turns = groupby((piece for _, piece in pieces), lambda piece: piece.side)
    return [_joined(list(turn)) for _, turn in turns]


def _ranked(events: Iterable[Octets]) -> Iterator[_Ranked]:
    """Packet by packet, each with the frame by which it could be read: one that came late held up those behind it."""
    latest = 0
    for event in events:
        for piece in packets_of(event):
            latest = max(latest, piece.frame or 0)
            yield latest, piece


def packets_of(event: Octets) -> Iterator[Octets]:
    """The octets packet by packet."""
    if not event.places:
        yield event
        return
    starts = [(0, event.time_ns, event.frame), *event.places]
    stops = [*(start for start, _, _ in starts[1:]), len(event.data)]
    for (start, time_ns, frame), stop in zip(starts, stops, strict=True):
        yield replace(event, data=event.data[start:stop], time_ns=time_ns, frame=frame, places=())


def _joined(pieces: list[Octets]) -> Octets:
    if len(pieces) == 1:
        return pieces[0]
    places, at = [], 0
    for piece in pieces:
        places.append((at, piece.time_ns, piece.frame))
        at += len(piece.data)
    return replace(pieces[0], data=b"".join([piece.data for piece in pieces]), places=places[1:])
