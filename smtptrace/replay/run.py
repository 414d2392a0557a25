"""Drives a player over a wire, and keeps all that goes over it as a connection."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from smtptrace.net import TlsFacts, Wire, WireError
from smtptrace.replay.actions import Action, Done, Pause, Receive, Send, StartTls
from smtptrace.replay.conversation import Conversation
from smtptrace.replay.replies import BrokenReplyError, ReplyBuffer
from smtptrace.replay.script import Said
from smtptrace.tls import certificate_facts
from smtptrace.wire import Close, Closing, Connection, Endpoint, Event, Octets, Origin, Secured, Side

_NAP_S = 0.1
ENDED = "the run was ended"


@dataclass(frozen=True, slots=True)
class Played:
    """One script played once: its steps, what the target offered, and the connection as it was.

    `broken` says how the target failed, "" where it did not; `stopped` why the session ended before its end.
    """

    done: tuple[Done, ...]
    connection: Connection
    offers: tuple[tuple[str, ...], ...] = ()
    broken: str = ""
    stopped: str = ""
    tls: TlsFacts | None = None


@dataclass(slots=True)
class Secure:
    """How to begin TLS: the settings, and the name to check the certificate against and to send as SNI."""

    context: ssl.SSLContext
    name: str


@dataclass(slots=True)
class Course:
    """One connection while it lasts."""

    wire: Wire
    secure: Secure | None
    timeout_s: float
    monotonic: Callable[[], float] = time.monotonic
    events: list[Event] = field(default_factory=list)
    replies: ReplyBuffer = field(default_factory=ReplyBuffer)
    sent_ns: int = 0
    tls: TlsFacts | None = None
    halted: Callable[[], bool] = lambda: False

    def do(self, action: Action) -> Said | None:
        """Do one action; gives the reply for `Receive`.

        Raises:
            WireError: the target fails.
        """
        if self.halted():
            raise WireError(ENDED)
        if isinstance(action, Send):
            self.send(action.octets)
            return None
        if isinstance(action, Receive):
            return self._receive(action.timeout_s)
        if isinstance(action, Pause):
            self.pause(action.seconds)
            return None
        self.start_tls(action, implicit=False)
        return None

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is ended meanwhile."""
        end = self.monotonic() + seconds
        while (left := end - self.monotonic()) > 0 and not self.halted():
            time.sleep(min(left, _NAP_S))

    def send(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.sent_ns = time.time_ns()
        self.wire.write(octets, self.timeout_s)
        self.events.append(Octets(Side.CLIENT, octets, self.sent_ns))

    def start_tls(self, action: StartTls, *, implicit: bool) -> None:
        """Go on in TLS.

        Raises:
            WireError: octets came before it, or the handshake fails.
        """
        if self.replies.rest:
            raise WireError("the target sent octets before TLS began")
        if self.secure is None:
            raise WireError("TLS is not set up")
        self.tls = self.wire.start_tls(self.secure.context, self.secure.name, action.timeout_s)
        version = (self.tls.version or "").replace("TLSv", "TLS ") or None
        whose = certificate_facts(self.tls.certificate) if self.tls.certificate else None
        agreed = Secured(True, implicit, version, self.tls.cipher, self.secure.name, certificate=whose)
        self.events.append(replace(agreed, time_ns=time.time_ns()))

    def _receive(self, timeout_s: float) -> Said:
        """The next reply, all of it within the time, however slowly it trickles."""
        end = self.monotonic() + timeout_s
        while (lines := self._take()) is None:
            left = end - self.monotonic()
            if left <= 0:
                raise WireError("no whole reply in time" if self.replies.rest else "no answer in time")
            octets = self.wire.read(left)
            if not octets:
                raise WireError(ENDED if self.halted() else "the target closed the connection")
            self.events.append(Octets(Side.SERVER, octets, time.time_ns()))
            self._feed(octets)
        latency = time.time_ns() - self.sent_ns if self.sent_ns else None
        return Said(int(lines[0][:3]), lines, latency)

    def _take(self) -> tuple[bytes, ...] | None:
        try:
            return self.replies.take()
        except BrokenReplyError as error:
            raise WireError(str(error)) from error

    def _feed(self, octets: bytes) -> None:
        try:
            self.replies.feed(octets)
        except BrokenReplyError as error:
            raise WireError(str(error)) from error


def play(
    player: Conversation,
    wire: Wire,
    ends: tuple[Endpoint, Endpoint],
    secure: Secure | None,
    timeout_s: float,
    *,
    halted: Callable[[], bool] = lambda: False,
) -> Played:
    """Play a script over a wire and close it; a target that fails is an outcome, not an error.

    Args:
        player: a fresh one; nothing is ever played twice.
        wire: connected.
        ends: this end and the target, for the record.
        secure: how to begin TLS, at once where the script says so; None where it has none.
        timeout_s: for a write.
    """
    course = Course(wire, secure, timeout_s, halted=halted)
    began = time.time_ns()
    broken = ""
    try:
        if player.preamble:
            course.send(player.preamble)
        if player.begins_in_tls:
            course.start_tls(StartTls(timeout_s), implicit=True)
        _drive(player, course)
    except WireError as error:
        if not player.ended:
            broken = player.broken(str(error))
    finally:
        wire.close()
    course.events.append(Close(Side.CLIENT, Closing.FIN, time.time_ns()))
    connection = Connection(*ends, Origin("replay", "replay"), 1, began, tuple(course.events))
    return Played(tuple(player.done), connection, tuple(player.offers), broken, player.stopped, course.tls)


def _drive(player: Conversation, course: Course) -> None:
    actions = player.play()
    try:
        action = next(actions)
        while True:
            action = actions.send(course.do(action))
    except StopIteration:
        return
