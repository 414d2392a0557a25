"""Drives a server of `serve` over a wire, and keeps all that goes over it as a connection."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field

from smtptrace.net import SocketWire, WireError
from smtptrace.replay.serve import Action, BeginTls, HearLine, Say, Server
from smtptrace.wire import Close, Closing, Connection, Endpoint, Event, Octets, Origin, Secured, Side

MOST_LINE = 64 * 1024
MOST_CONTENT = 64 * 1024 * 1024
"""Octets of a line and of a message; a client that sends more is cut off."""


@dataclass(frozen=True, slots=True)
class Served:
    """One connection served: `deviations` where the client left the script, `broken` how it ended if not well."""

    connection: Connection
    deviations: tuple[str, ...]
    broken: str = ""


@dataclass(slots=True)
class _Course:
    wire: SocketWire
    context: ssl.SSLContext | None
    timeout_s: float
    held: bytearray = field(default_factory=bytearray)
    events: list[Event] = field(default_factory=list)

    def do(self, action: Action) -> bytes:
        """Do one action; gives what was heard, empty where nothing is to be heard or the client has gone."""
        if isinstance(action, Say):
            self.wire.write(action.octets, self.timeout_s)
            self.events.append(Octets(Side.SERVER, action.octets, time.time_ns()))
            return b""
        if isinstance(action, BeginTls):
            self._secure(implicit=False)
            return b""
        if isinstance(action, HearLine):
            return self._until(b"\n", MOST_LINE)
        if action.size is not None:
            return self._exactly(action.size)
        return b"" if self._starts_with(b".\r\n") else self._until(b"\r\n.\r\n", MOST_CONTENT)

    def _secure(self, *, implicit: bool) -> None:
        if self.context is None:
            raise WireError("TLS is not set up")
        self.held.clear()  # what came before the handshake does not belong into TLS
        facts = self.wire.start_tls_server(self.context, self.timeout_s)
        version = (facts.version or "").replace("TLSv", "TLS ") or None
        self.events.append(Secured(True, implicit, version, facts.cipher, time_ns=time.time_ns()))

    def secure_at_once(self) -> None:
        """Begin TLS before the greeting."""
        self._secure(implicit=True)

    def _more(self) -> bool:
        octets = self.wire.read(self.timeout_s)
        if octets:
            self.events.append(Octets(Side.CLIENT, octets, time.time_ns()))
            self.held += octets
        return bool(octets)

    def _starts_with(self, mark: bytes) -> bool:
        while len(self.held) < len(mark) and mark.startswith(bytes(self.held)):
            if not self._more():
                return False
        if not self.held.startswith(mark):
            return False
        del self.held[: len(mark)]
        return True

    def _until(self, mark: bytes, most: int) -> bytes:
        searched = 0
        while (end := self.held.find(mark, searched)) < 0:
            searched = max(len(self.held) - len(mark), 0)
            if len(self.held) > most:
                raise WireError(f"the client sent more than {most} octets without an end")
            if not self._more():
                return b""
        return self._take(end + len(mark))

    def _exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            if not self._more():
                return b""
        return self._take(size)

    def _take(self, size: int) -> bytes:
        octets = bytes(self.held[:size])
        del self.held[:size]
        return octets


def serve_one(
    server: Server, wire: SocketWire, context: ssl.SSLContext | None, *, implicit: bool, timeout_s: float
) -> Served:
    """Serve one connection and close it; a client that fails is an outcome."""
    course = _Course(wire, context, timeout_s)
    ends = (Endpoint(*wire.remote), Endpoint(*wire.local))
    began, broken = time.time_ns(), ""
    try:
        if implicit:
            course.secure_at_once()
        _drive(server, course)
    except WireError as error:
        broken = str(error)
    finally:
        wire.close()
    course.events.append(Close(Side.SERVER, Closing.FIN, time.time_ns()))
    connection = Connection(*ends, Origin("serve", "serve"), 1, began, tuple(course.events))
    return Served(connection, tuple(server.deviations), broken)


def _drive(server: Server, course: _Course) -> None:
    actions = server.serve()
    try:
        action = next(actions)
        while True:
            action = actions.send(course.do(action))
    except StopIteration:
        return
