"""Events that a pcapng of ours tells in comments, put back where they belong.

Batches of events of followed connections go in and come out; connections of other captures pass unchanged.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from smtptrace.pcapng._marks import read as read_mark
from smtptrace.tls._order import in_order, packets_of
from smtptrace.wire import (
    PART_BITS,
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Octets,
    Open,
    TimeBasis,
)

Batch = tuple[Connection, list[Event], bool]
"""(connection, its next events, whether these are the last), as `tcp.follow` yields them."""

Number = tuple[int, int]
"""A connection among those of our own files: (part of the timeline, number in that file)."""

_ENDPOINT = re.compile(r"(.*?)(?::([0-9]{1,5}))?", re.DOTALL)


def restore(batches: Iterable[Batch], comments: Callable[[], Iterable[tuple[int, str]]]) -> Iterator[Batch]:
    """The batches with the events that comments of our own files tell.

    Args:
        batches: events of each connection in the order of their frames.
        comments: gives (frame, text) of the packet comments that begin with `smtptrace: ` and were read since the
            last call.
    """
    marks = _Marks()
    courses: dict[int, _Course] = {}
    for connection, events, ended in batches:
        for frame, comment in comments():
            marks.take(frame, comment)
        course = courses.get(id(connection))
        if course is None and connection.number in marks.first:
            course = courses[id(connection)] = marks.course(connection)
        if course is None:
            yield connection, events, ended
            continue
        over = course.ends(ended)
        yield course.connection, course.events(events, over), over
        if ended:
            del courses[id(connection)]
        if over:
            marks.forget(course.told.number)


class _Told:
    """What the marks of one connection tell.

    `facts` are those of the whole, `waiting` what is to be put before which frame, `exactness` how exact the octets of
    a frame are, `streams` counts the TCP streams that it is made of and that were announced so far.
    """

    __slots__ = ("course", "exactness", "facts", "number", "streams", "waiting")

    def __init__(self, number: Number) -> None:
        self.number = number
        self.streams = 0
        self.facts: dict[str, Any] = {}
        self.waiting: deque[tuple[int, Event]] = deque()
        self.exactness: dict[int | None, Exactness] = {}
        self.course: _Course | None = None


class _Marks:
    """The marks read so far, by the number of their connection and by its first frame."""

    def __init__(self) -> None:
        self._told: dict[Number, _Told] = {}
        self.first: dict[int | None, _Told] = {}

    def take(self, frame: int, comment: str) -> None:
        """Add one comment; one that is no mark is passed over."""
        mark = read_mark(comment)
        if mark is None:
            return
        number = (frame >> PART_BITS, mark.number)
        told = self._told.setdefault(number, _Told(number))
        if isinstance(mark.said, dict):
            told.streams += 1
            told.facts = told.facts if mark.said.get("continues") is True else mark.said
            self.first[frame] = told
        elif isinstance(mark.said, Exactness):
            told.exactness[frame] = mark.said
        else:
            told.waiting.append((frame, mark.said))

    def course(self, connection: Connection) -> _Course:
        """The course that the TCP stream `connection` begins, or goes on with."""
        told = self.first.pop(connection.number)
        if told.course is None:
            told.course = _Course(connection, told)
        told.course.begins()
        return told.course

    def forget(self, number: Number) -> None:
        """Drop what is left of a connection that has ended."""
        self._told.pop(number, None)


class _Course:
    """One connection whose events are being put back."""

    def __init__(self, connection: Connection, told: _Told) -> None:
        self.told = told
        self.connection = _as_it_was(connection, told.facts)
        self._supplied = told.facts.get("handshake") == "supplied"
        self._timeless = self.connection.origin.time_basis is TimeBasis.NONE
        self._missing = [0, 0]
        self._begun = self._live = 0
        self._over = False

    def begins(self) -> None:
        """Count a TCP stream that begins."""
        self._begun += 1
        self._live += 1

    def ends(self, ended: bool) -> bool:
        """Count a TCP stream that ends; whether the connection is over."""
        self._live -= ended
        self._over = not self._live and self._begun >= self.told.streams
        return self._over

    def events(self, events: Iterable[Event], over: bool) -> list[Event]:
        """The events with the marked ones between them."""
        restored: list[Event] = []
        for event in in_order(events):
            for piece in _pieces(event) if self.told.waiting or self.told.exactness else (event,):
                if piece.frame is not None or over:  # the first of two streams ends without a packet
                    self._put_back(restored, piece.frame, piece.time_ns)
                if isinstance(piece, Octets) and piece.frame in self.told.exactness:
                    restored.append(replace(piece, exactness=self.told.exactness[piece.frame]))
                elif not self._is_ours(piece):
                    restored.append(piece)
        if over:
            self._put_back(restored, None, None)
        return [_timeless(event) for event in restored] if self._timeless else restored

    def _put_back(self, events: list[Event], frame: int | None, time_ns: int | None) -> None:
        """Add what waits before a frame, all that is left where it is None."""
        waiting = self.told.waiting
        while waiting and (frame is None or waiting[0][0] <= frame):
            at, said = waiting.popleft()
            events.append(replace(said, time_ns=time_ns, frame=at))
            if isinstance(said, Gap) and said.size:
                self._missing[said.side] += said.size

    def _is_ours(self, event: Event) -> bool:
        """Whether the source did not say it, or a mark says it better: it comes of how the packets were made."""
        if isinstance(event, Open):
            return self._supplied or self._begun > 1
        if isinstance(event, Close) and event.how is Closing.END_OF_CAPTURE:
            return self._supplied or not self._over
        if isinstance(event, Gap) and event.reason is GapReason.BEFORE_CAPTURE:
            return True
        if isinstance(event, Gap) and event.size and event.size <= self._missing[event.side]:
            self._missing[event.side] -= event.size
            return True
        return False


def _pieces(event: Event) -> Iterator[Event]:
    """The event, octets of several packets packet by packet."""
    return packets_of(event) if isinstance(event, Octets) else iter((event,))


def _timeless(event: Event) -> Event:
    if isinstance(event, Octets) and event.places:
        return replace(event, time_ns=None, places=[(start, None, frame) for start, _, frame in event.places])
    return replace(event, time_ns=None)


def _as_it_was(connection: Connection, facts: dict[str, Any]) -> Connection:
    """The connection as its source knew it."""
    basis = next((basis for basis in TimeBasis if basis.value == facts.get("times")), TimeBasis.UTC)
    label, more = facts.get("label"), facts.get("facts")
    return replace(
        connection,
        client=_endpoint(facts.get("client"), connection.client),
        server=_endpoint(facts.get("server"), connection.server),
        origin=replace(connection.origin, time_basis=basis),
        time_ns=None if basis is TimeBasis.NONE else connection.time_ns,
        label=label if isinstance(label, str) else None,
        facts={str(key): str(value) for key, value in more.items()} if isinstance(more, dict) else {},
    )


def _endpoint(text: Any, otherwise: Endpoint) -> Endpoint:
    found = _ENDPOINT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return otherwise
    return Endpoint(found[1].removeprefix("[").removesuffix("]"), int(found[2] or 0))
