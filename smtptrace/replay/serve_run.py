"""Drives a server of `serve` over a wire, and keeps all that goes over it as a connection."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from smtptrace.net import SocketWire, WireError
from smtptrace.replay.serve import Server
from smtptrace.replay.serve_action import Action, BeginTls, HearLine, Say
from smtptrace.wire import Close, Closing, Connection, Endpoint, Event, Octets, Origin, Secured, Side

T = TypeVar("T")

MOST_LINE = 64 * 1024
MOST_CONTENT = 64 * 1024 * 1024
MOST_OCTETS = 128 * 1024 * 1024
"""Octets of a line, of a message and of a whole connection; a client that sends more is cut off."""
MOST_LINES = 100_000
"""Lines of one connection."""


@dataclass(frozen=True, slots=True)
class Served:
    """One connection served.

    `number` counts the connections, `session` names the one that was played, `deviations` tell where the client left
    it, `broken` how the connection ended if not well.
    """

    number: int
    session: str
    connection: Connection
    deviations: tuple[str, ...]
    broken: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        began, last = self.connection.time_ns, self.connection.events[-1:]
        return ((last[0].time_ns or began or 0) - (began or 0)) / 1e9 if last else 0.0


class _GoneError(Exception):
    """The client is not there any more."""


@dataclass(slots=True)
class _Wire:
    """What was said until now, and what was heard and not used yet."""

    wire: SocketWire
    context: ssl.SSLContext | None
    timeout_s: float
    held: bytearray = field(default_factory=bytearray)
    events: list[Event] = field(default_factory=list)
    octets: int = 0
    lines: int = 0

    def do(self, action: Action) -> bytes | None:
        """Do one action; gives what was heard, None where the client has gone."""
        if isinstance(action, Say):
            self._say(action.octets)
            return None
        if isinstance(action, BeginTls):
            self.secure(implicit=False)
            return None
        if isinstance(action, HearLine):
            return self._line()
        if action.size is not None:
            return self._exactly(action.size)
        return b".\r\n" if self._starts_with(b".\r\n") else self._until(b"\r\n.\r\n", MOST_CONTENT)

    def _say(self, octets: bytes) -> None:
        if octets:  # an event first: who has the reply may ask for it
            self.events.append(Octets(Side.SERVER, octets, time.time_ns()))
            with contextlib.suppress(_GoneError):  # what it said before is still to be heard
                self._try(lambda: self.wire.write(octets, self.timeout_s))

    def _try(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except WireError as error:
            if isinstance(error.__cause__, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
                raise _GoneError from error
            raise

    def secure(self, *, implicit: bool) -> None:
        """Begin TLS."""
        if self.context is None:
            raise WireError("TLS is not set up")
        self.held.clear()  # what came before the handshake does not belong into TLS
        facts = self.wire.start_tls_server(self.context, self.timeout_s)
        version = (facts.version or "").replace("TLSv", "TLS ") or None
        self.events.append(Secured(True, implicit, version, facts.cipher, time_ns=time.time_ns()))

    def _line(self) -> bytes | None:
        self.lines += 1
        if self.lines > MOST_LINES:
            raise WireError(f"the client sent more than {MOST_LINES} lines")
        return self._until(b"\n", MOST_LINE, time.monotonic() + self.timeout_s)

    def _more(self, end_s: float | None = None) -> bool:
        """Hear more; `end_s` bounds the wait for many small pieces too."""
        left_s = self.timeout_s if end_s is None else end_s - time.monotonic()
        if left_s <= 0:
            raise WireError("reading: no whole line in time")
        octets = b""
        with contextlib.suppress(_GoneError):  # a reset is an end like any other
            octets = self._try(lambda: self.wire.read(left_s))
        if octets:
            self.events.append(Octets(Side.CLIENT, octets, time.time_ns()))
            self.held += octets
            self.octets += len(octets)
        if self.octets > MOST_OCTETS:
            raise WireError(f"the client sent more than {MOST_OCTETS} octets")
        return bool(octets)

    def _starts_with(self, mark: bytes) -> bool:
        while len(self.held) < len(mark) and mark.startswith(bytes(self.held)):
            if not self._more():
                return False
        if not self.held.startswith(mark):
            return False
        del self.held[: len(mark)]
        return True

    def _until(self, mark: bytes, most: int, end_s: float | None = None) -> bytes | None:
        searched = 0
        while (end := self.held.find(mark, searched)) < 0:
            searched = max(len(self.held) - len(mark), 0)
            if len(self.held) > most:
                raise WireError(f"the client sent more than {most} octets without an end")
            if not self._more(end_s):
                return None
        return self._take(end + len(mark))

    def _exactly(self, size: int) -> bytes | None:
        while len(self.held) < size:
            if not self._more():
                return None
        return self._take(size)

    def _take(self, size: int) -> bytes:
        octets = bytes(self.held[:size])
        del self.held[:size]
        return octets


class Serving:
    """One connection being served; `run` serves it to its end, `so_far` may be asked from elsewhere meanwhile.

    Args:
        number: of the connection.
        server: what to say.
        wire: to the client.
        ends: who it is, and where it was taken.
    """

    def __init__(self, number: int, server: Server, wire: SocketWire, ends: tuple[Endpoint, Endpoint]) -> None:
        self._number = number
        self._server = server
        self._wire = wire
        self._events: list[Event] = []
        self._broken = ""
        self._connection = Connection(*ends, Origin("serve", "serve"), number, time.time_ns())

    def run(self, context: ssl.SSLContext | None, *, implicit: bool, timeout_s: float) -> Served:
        """Serve and close it; a client that fails is an outcome.

        Args:
            context: for TLS, None where there is to be none.
            implicit: whether TLS comes before the greeting.
            timeout_s: seconds to wait for the client each time.
        """
        said = _Wire(self._wire, context, timeout_s, events=self._events)
        try:
            if implicit:
                said.secure(implicit=True)
            _drive(self._server, said)
        except WireError as error:
            self._broken = str(error)
        finally:
            self._wire.close()
        self._events.append(Close(Side.SERVER, Closing.FIN, time.time_ns()))
        return self.so_far()

    def so_far(self) -> Served:
        """What was said and left out until now."""
        shown = self._connection
        shown = Connection(shown.client, shown.server, shown.origin, shown.number, shown.time_ns, tuple(self._events))
        return Served(self._number, self._server.playing, shown, self._server.deviations(), self._broken)

    def hang_up(self) -> None:
        """Hear what has arrived, and nothing more."""
        self._wire.stop_reading()


def _drive(server: Server, said: _Wire) -> None:
    actions = server.serve()
    try:
        action = next(actions)
        while True:
            action = actions.send(said.do(action))
    except StopIteration:
        return
