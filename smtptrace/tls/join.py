"""The clear prologue of a connection and what was opened of its TLS, as one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from smtptrace.tls.handshake import Handshake
from smtptrace.wire import Close, Event, Gap, Octets, Side

Opened = tuple[Side, bytes, int | None, int | None]
"""(side, octets, time_ns, frame) of what one or more TLS records held."""

_BEGINNING = re.compile(
    rb"(?:\A|(?<=\n))(?:[\x15\x16]\x03[\x00-\x04][\x00-\x48]|\x80[\x00-\xff]\x01[\x00\x03][\x00-\x04])"
)
_BEGUN = re.compile(rb"(?:\A|(?<=\n))(?:[\x15\x16](?:\x03[\x00-\x04]?)?|\x80(?:[\x00-\xff](?:\x01[\x00\x03]?)?)?)\Z")


def join(events: Iterable[Event], opened: Iterable[Opened]) -> list[Event]:
    """The events of a connection with the octets that went through TLS in clear.

    The octets before TLS come first, then a `Secured` that tells of the handshake, then what was opened; the streams
    of each side stay in order. Encrypted octets are left out, gaps among them lose their size. Nothing changes where
    there is no TLS.

    Args:
        events: those of the connection as captured, `Close` included.
        opened: what the TLS records held, in the order they were seen; none where they could not be opened.
    """
    course = _Course()
    for event in events:
        course.take(event)
    return course.joined(list(opened))


class _Course:
    """Parts the events at the point where TLS begins."""

    def __init__(self) -> None:
        self._clear: list[Event] = []
        self._behind: deque[Event] = deque()
        self._handshake = Handshake()
        self._is_tls = [False, False]
        self._held: list[Octets | None] = [None, None]

    def take(self, event: Event) -> None:
        if isinstance(event, Octets):
            self._octets(event)
        elif isinstance(event, Gap) and self._is_tls[event.side]:
            self._handshake.lose(event.side)
            self._behind.append(replace(event, size=None))
        else:
            if isinstance(event, (Gap, Close)):
                self._release(event.side)
            (self._behind if any(self._is_tls) else self._clear).append(event)

    def _octets(self, event: Octets) -> None:
        side, held = event.side, self._held[event.side]
        if held is not None:
            places = [(len(held.data), event.time_ns, event.frame)]
            places += [(len(held.data) + at, time_ns, frame) for at, time_ns, frame in event.places]
            event = replace(held, data=held.data + event.data, places=places)
            self._held[side] = None
        if self._is_tls[side]:
            self._handshake.feed(side, event.data, event.time_ns, event.frame)
            return
        found = _BEGINNING.search(event.data)
        begun = found or _BEGUN.search(event.data)
        stop = begun.start() if begun else len(event.data)
        if stop:
            self._clear.append(_cut(event, 0, stop))
        if begun:
            rest = _cut(event, stop, len(event.data))
            if found:
                self._is_tls[side] = True
                self._handshake.feed(side, rest.data, rest.time_ns, rest.frame)
            else:
                self._held[side] = rest

    def _release(self, side: Side) -> None:
        """What looked like the beginning of TLS is none."""
        held, self._held[side] = self._held[side], None
        if held is not None:
            self._clear.append(held)

    def joined(self, opened: list[Opened]) -> list[Event]:
        for side in Side:
            self._release(side)
        if not any(self._is_tls):
            return self._clear
        is_implicit = not any(isinstance(event, Octets) for event in self._clear)
        secured = replace(self._handshake.secured, opened=bool(opened), implicit=is_implicit)
        events: list[Event] = [*self._clear, secured]
        for side, data, time_ns, frame in opened:
            while self._behind and _is_before(self._behind[0].frame, frame):
                events.append(self._behind.popleft())
            events.append(Octets(side, data, time_ns, frame))
        return [*events, *self._behind]


def _is_before(frame: int | None, other: int | None) -> bool:
    return frame is not None and other is not None and frame < other


def _cut(event: Octets, start: int, stop: int) -> Octets:
    """Octets `start` to `stop` of an event, with their places."""
    if stop - start == len(event.data):
        return event
    time_ns, frame = event.place(start)
    places = [(at - start, when, where) for at, when, where in event.places if start < at < stop]
    return replace(event, data=event.data[start:stop], time_ns=time_ns, frame=frame, places=places)
