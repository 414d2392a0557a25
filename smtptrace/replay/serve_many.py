"""Serves whoever connects, several clients at once, each its session."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from smtptrace import net
from smtptrace.replay.serve import Manner, Server
from smtptrace.replay.serve_roster import Match, Roster
from smtptrace.replay.serve_run import Served, Serving
from smtptrace.replay.serve_script import Recorded
from smtptrace.wire import Endpoint

MOST_CLIENTS = 16
"""Connections served at once unless told otherwise; others wait until one has ended."""

_LOOK_S = 0.2
"""How often the one who accepts looks whether it is to stop."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to serve: `match` chooses the sessions, `context` is for TLS, `connections` how many are served (None: all).

    `timeout_s` is the wait for a client each time, `clients` the most at once.
    """

    manner: Manner = field(default_factory=Manner)
    match: Match = Match.ORDER
    context: ssl.SSLContext | None = None
    timeout_s: float = 300.0
    clients: int = MOST_CLIENTS
    connections: int | None = None


class Service:
    """Accepts clients on a listener until it is stopped or has served the number asked for.

    Args:
        sessions: what to play, at least one.
        listener: where; it stays open and is the caller's to close.
        terms: how.
        ended: called with each connection as it ends, in threads of the service, one call at a time.
    """

    def __init__(
        self, sessions: Sequence[Recorded], listener: net.Listener, terms: Terms, ended: Callable[[Served], None]
    ) -> None:
        self._roster = Roster(sessions, terms.match)
        self._listener = listener
        self._terms = terms
        self._ended = ended
        self._live: dict[int, Serving] = {}
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(terms.clients)
        self._stopping = threading.Event()
        self._workers: set[threading.Thread] = set()
        self._acceptor = threading.Thread(target=self._accept, name="smtptrace serve", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self._acceptor.start()

    def never_played(self) -> tuple[str, ...]:
        """The names of the sessions that nobody was served."""
        return tuple(each.name for each in self._roster.left())

    def live(self) -> tuple[Served, ...]:
        """The connections that go on, as far as they are."""
        with self._lock:
            return tuple(each.so_far() for each in self._live.values())

    def is_over(self) -> bool:
        """Whether nobody is served any more, nor will be."""
        return not self._acceptor.is_alive() and not any(each.is_alive() for each in tuple(self._workers))

    def stop(self, patience_s: float = 5.0) -> None:
        """Serve what has arrived, and end."""
        self._stopping.set()
        until = time.monotonic() + patience_s
        if self._acceptor.is_alive():
            self._acceptor.join(patience_s)
        with self._lock:
            for each in self._live.values():
                each.hang_up()
        for worker in tuple(self._workers):
            worker.join(max(until - time.monotonic(), 0.0))

    def _accept(self) -> None:
        number = 0
        while number != self._terms.connections:
            if self._slots.acquire(timeout=_LOOK_S):
                wire = self._next()
                if wire is None:
                    return
                number += self._begin(number + 1, wire)
            elif self._stopping.is_set():
                return

    def _next(self) -> net.SocketWire | None:
        """The next client; who connected before it was to stop is still taken."""
        while True:
            stopping = self._stopping.is_set()
            try:
                wire = self._listener.accept_within(0.0 if stopping else _LOOK_S)
            except net.WireError:  # it has gone again, or there are too many
                self._stopping.wait(_LOOK_S)
                continue
            if wire is not None or stopping:
                return wire

    def _begin(self, number: int, wire: net.SocketWire) -> bool:
        """Serve a client in a thread of its own; whether it was still there."""
        try:
            ends = Endpoint(*wire.remote), Endpoint(*wire.local)
        except OSError:
            wire.close()
            self._slots.release()
            return False
        seat = self._roster.seat()
        serving = Serving(number, Server(seat, self._terms.manner), wire, ends)
        with self._lock:
            self._live[number] = serving
        worker = threading.Thread(target=self._serve, args=(number, serving, seat.recorded.implicit), daemon=True)
        self._workers = {each for each in self._workers if each.is_alive()} | {worker}
        worker.start()
        return True

    def _serve(self, number: int, serving: Serving, implicit: bool) -> None:
        served = None
        try:
            served = serving.run(self._terms.context, implicit=implicit, timeout_s=self._terms.timeout_s)
        finally:
            with self._lock:
                del self._live[number]
                if served is not None:
                    self._ended(served)
            self._slots.release()
