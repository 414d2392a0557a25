"""Batches of events with TLS opened: what the keys open takes the place of what was encrypted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smtptrace.tcp import HEAD, SMTP_PORTS, Batch, Verdict, judge
from smtptrace.tls import Course, KeyLog, in_order
from smtptrace.wire import Connection, Event, Octets, Side

MOST_HELD = 16 * 1024 * 1024
"""Octets of one connection that wait for keys, or for the other side's handshake."""

MOST_HELD_OF_ALL = 64 * 1024 * 1024
"""The same of all connections together; the one that passes it waits no longer."""


def opened(batches: Iterable[Batch], keys: KeyLog) -> Iterator[Batch]:
    """The batches with TLS opened; while there are no keys, connections that begin pass as they are.

    A connection that begins with TLS on a port that is none of SMTP's is handed on when what was opened of it turns out
    to be SMTP, and dropped else.
    """
    ways: dict[int, _Way] = {}
    passed: dict[int, bool] = {}  # connections that are no longer looked into; False: they are dropped
    held = 0
    for connection, events, ended in batches:
        name = id(connection)
        if name not in ways and name not in passed:
            if keys:
                ways[name] = _Way(connection, keys)
            else:
                passed[name] = True
        if name in ways:
            way = ways[name]
            held -= way.held
            told = way.take(events, held_of_others=held, ended=ended)
            held += way.held
            if told or (ended and way.is_smtp):
                yield connection, told, ended
            if ended or way.is_smtp is False:
                held -= ways.pop(name).held
                passed[name] = False
        elif passed[name]:
            yield connection, events, ended
        if ended:
            passed.pop(name, None)


class _Way:
    """One connection on its way through TLS; `is_smtp` is None as long as that is not known."""

    def __init__(self, connection: Connection, keys: KeyLog) -> None:
        self._course = Course(keys)
        self._connection = connection
        self._events: list[Event] = []
        self._heads = [b"", b""]
        self.is_smtp: bool | None = True if connection.server.port in SMTP_PORTS else None

    @property
    def held(self) -> int:
        """Octets that wait."""
        return self._course.held + sum(map(len, self._heads))

    def take(self, events: list[Event], *, held_of_others: int, ended: bool) -> list[Event]:
        """Take the next events; what can be told by now, nothing of what is not SMTP."""
        told = self._course.feed(in_order(events))
        if self._course.held > min(MOST_HELD, MOST_HELD_OF_ALL - held_of_others):
            self._course.give_up()
        if ended:
            told += self._course.finish()
        return told if self.is_smtp else self._judged(told, ended=ended)

    def _judged(self, events: list[Event], *, ended: bool) -> list[Event]:
        """All events so far once they prove to be SMTP; a connection that does not begin with TLS was judged before."""
        self._events += events
        for event in events:
            if isinstance(event, Octets):
                self._heads[event.side] = (self._heads[event.side] + event.data)[:HEAD]
        is_final = ended or max(map(len, self._heads)) == HEAD
        if self._course.is_sealed:
            self.is_smtp = self._is_smtp(final=is_final)
        elif any(self._heads) or is_final:
            self.is_smtp = True
        told = self._events if self.is_smtp else []
        if self.is_smtp is not None:
            self._events, self._heads = [], [b"", b""]
        return told

    def _is_smtp(self, *, final: bool) -> bool | None:
        ports = self._connection.client.port, self._connection.server.port
        verdict = judge((self._heads[Side.CLIENT], self._heads[Side.SERVER]), ports, 0, midway=False, final=final)
        return None if verdict is Verdict.UNDECIDED else verdict is not Verdict.OTHER
