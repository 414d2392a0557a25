"""A connection that is also listened to while nobody waits for a reply."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from smtptrace import net
from smtptrace.net import Wire, WireError
from smtptrace.replay.replies import BrokenReplyError, ReplyBuffer
from smtptrace.replay.run import Secure
from smtptrace.replay.script import Said
from smtptrace.tls import certificate_facts
from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Gap,
    GapReason,
    Note,
    Octets,
    Open,
    Opening,
    Origin,
    Secured,
    Side,
)

MOST_RECORDED = 64 * 1024 * 1024
"""Octets of one connection that are recorded; what comes after them is noted as a gap."""

MOST_AT_ONCE = 1000
"""Replies that nobody waits for, one behind the other, before the connection is given up."""

GONE = "the server closed the connection"


class ListeningWire(Wire, Protocol):
    """A wire that can also be asked what has come, without waiting."""

    def arrived(self, timeout_s: float) -> bytes | None:
        """What `read` gives if it comes within the time, else None; 0 takes what is here and waits for nothing."""
        ...


@dataclass(slots=True)
class Link:
    """One connection with everything that went over it; `gone` is set once the server closed it."""

    wire: ListeningWire
    ends: tuple[Endpoint, Endpoint]
    secure: Secure
    timeout_s: float = 60.0
    began_ns: int = field(default_factory=time.time_ns)
    events: list[Event] = field(default_factory=list)
    gone: bool = False
    _replies: ReplyBuffer = field(default_factory=ReplyBuffer)
    _sent_ns: int = 0
    _recorded: int = 0

    def say(self, octets: bytes) -> None:
        """Send the octets.

        Raises:
            WireError: they cannot be sent.
        """
        self._sent_ns = time.time_ns()
        try:
            self.wire.write(octets, self.timeout_s)
        except (
            KeyboardInterrupt
        ) as error:  # who knows how much of it went: nothing that is sent now would be understood
            raise WireError("interrupted while it was sent") from error
        self._record(Side.CLIENT, octets, self._sent_ns)

    def wait(self, timeout_s: float) -> Said | None:
        """The next whole reply if it comes within the time, else None; 0 asks for what is here.

        Raises:
            WireError: the connection ended, or what comes is no reply.
        """
        try:
            return self._next(time.monotonic() + timeout_s)
        except BrokenReplyError as error:
            raise WireError(str(error)) from error

    def _next(self, end: float) -> Said | None:
        while (lines := self._replies.take()) is None:
            octets = self.wire.arrived(max(end - time.monotonic(), 0))
            if octets:
                self._record(Side.SERVER, octets, time.time_ns())
                self._replies.feed(octets)
            elif octets is not None:
                self.gone = True
                raise WireError(GONE)
            elif time.monotonic() >= end:
                return None
        return Said(int(lines[0][:3]), lines, time.time_ns() - self._sent_ns if self._sent_ns else None)

    def here(self) -> Iterator[Said]:
        """All whole replies that are here already.

        Raises:
            WireError: the connection ended, what came is no reply, or there is no end of replies.
        """
        for _ in range(MOST_AT_ONCE):
            said = self.wait(0)
            if said is None:
                return
            yield said
        raise WireError("the server talks without end")

    def secure_now(self, *, implicit: bool) -> Secured:
        """Go on in TLS, and tell what was agreed.

        Raises:
            WireError: octets came before it, or the handshake fails.
        """
        if self._replies.rest:
            raise WireError("the server sent octets before TLS began")
        try:
            facts = self.wire.start_tls(self.secure.context, self.secure.name, self.timeout_s)
        except KeyboardInterrupt as error:
            raise WireError("interrupted in the TLS handshake") from error
        version = (facts.version or "").replace("TLSv", "TLS ") or None
        whose = certificate_facts(facts.certificate) if facts.certificate else None
        agreed = Secured(
            True, implicit, version, facts.cipher, self.secure.name, certificate=whose, time_ns=time.time_ns()
        )
        self.events.append(agreed)
        return agreed

    def _record(self, side: Side, octets: bytes, time_ns: int) -> None:
        self._recorded += len(octets)
        if self._recorded <= MOST_RECORDED:
            self.events.append(Octets(side, octets, time_ns))
        elif isinstance(last := self.events[-1], Gap) and last.side is side:
            last.size = (last.size or 0) + len(octets)
        else:
            self.events.append(Gap(side, len(octets), GapReason.LIMIT, time_ns))

    def close(self, problem: str = "") -> None:
        """End the connection and note who did, and why."""
        self.wire.close()
        if problem:
            self.events.append(Note(problem, time.time_ns()))
        self.events.append(Close(Side.SERVER if self.gone else Side.CLIENT, Closing.FIN, time.time_ns()))

    def connection(self, events: list[Event] | None = None) -> Connection:
        """The record so far, or one of the events given."""
        return recorded(self.ends, self.began_ns, self.events if events is None else events)


def recorded(ends: tuple[Endpoint, Endpoint], began_ns: int, events: list[Event]) -> Connection:
    """A connection that was made by hand."""
    return Connection(*ends, Origin("connect", "connect"), 1, began_ns, tuple(events))


def unanswered(server: Endpoint) -> Connection:
    """The record of a connection that did not come about."""
    now = time.time_ns()
    return recorded((Endpoint("", 0), server), now, [Open(Opening.NO_ANSWER, now)])


def reach(server: Endpoint, secure: Secure, *, bind: str | None, timeout_s: float) -> Link:
    """A connection to the first address of the server that answers.

    Raises:
        WireError: nobody answers.
    """
    wire = net.connect(server.host, server.port, timeout_s=timeout_s, bind=bind)
    ends = (Endpoint(*wire.local), Endpoint(*wire.remote))
    return Link(wire, ends, secure, timeout_s)
