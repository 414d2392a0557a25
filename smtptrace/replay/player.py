"""Plays a script without I/O: actions come out, replies go in, and what became of each step is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from smtptrace.auth import Login
from smtptrace.replay.content import stuffed
from smtptrace.replay.forwarded import allowed_attributes
from smtptrace.replay.login import talk
from smtptrace.replay.offer import fitted, offer, offered_lines
from smtptrace.replay.script import Act, LoginAs, Said, Script, Step

TIMEOUT_S = 60.0
_FAREWELL_S = 5.0
"""Seconds to wait for the reply to a QUIT that is not of the session."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send these octets."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for one reply, so many seconds at most."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class StartTls:
    """Go on in TLS."""

    timeout_s: float


Action = Send | Receive | StartTls
Play = Generator[Action, Said | None, Said | None]
"""Gives actions; takes a reply after `Receive`, None after the others; a step ends with its last reply."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How to play: `login` gives the credentials for a login of the script.

    `plain_auth` lets them go without TLS; `force_auth` tries mechanisms that are not offered; `timeout_s` is the time
    for each reply, whole.
    """

    login: Callable[[LoginAs], Login]
    plain_auth: bool = False
    force_auth: bool = False
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step.

    `sent` is the command as it may be shown; `problem` says why it was not sent, or could not be ended; `adapted`
    says what was changed for this target. `replies` are those to a content, where each recipient has one (LMTP).
    """

    step: Step
    sent: bytes = b""
    received: Said | None = None
    problem: str = ""
    adapted: tuple[str, ...] = ()
    replies: tuple[Said, ...] = ()


_ENDS = re.compile(rb"(?i)LAST[ \t]*$")
LATER = "sent with the last chunk, for the target has no CHUNKING"


class Player:
    """Plays one script once; `done` grows with each step, `offers` holds what each EHLO was answered with.

    `stopped` says why it ended before its end; once `ended` is set, nothing that happens matters any more.

    Args:
        script: prepared, with nothing left open.
        rules: how to play it.
    """

    def __init__(self, script: Script, rules: Rules) -> None:
        self.done: list[Done] = []
        self.offers: list[tuple[str, ...]] = []
        self.stopped = ""
        self.ended = False
        self._script = script
        self._rules = rules
        self._tls = script.tls == "implicit"
        self._offered: dict[str, str] | None = None
        self._recipients = [0, 0]
        self._sent = b""
        self._adapted: tuple[str, ...] = ()
        self._problem = ""
        self._replies: tuple[Said, ...] = ()
        self._lmtp = False
        self._dead = False

    @property
    def begins_in_tls(self) -> bool:
        """Whether TLS begins before the greeting."""
        return self._script.tls == "implicit"

    @property
    def preamble(self) -> bytes:
        """What goes out before all else, TLS included."""
        return self._script.preamble

    def play(self) -> Generator[Action, Said | None, None]:
        """The actions of the whole session, QUIT at its end."""
        for at, step in enumerate(self._script.steps):
            if step.act is Act.QUIT:
                break
            self._sent, self._adapted, self._problem, self._replies = b"", (), step.why_not, ()
            received = None
            if not step.why_not:
                received = yield from self._play(at, step)
            self.done.append(Done(step, self._sent, received, self._problem, self._adapted, self._replies))
            self.stopped = self._stops(step, received)
            if self.stopped:
                break
        if not self._dead:
            yield from self._quit()

    def broken(self, problem: str) -> None:
        """Note that the connection ended in the step that was being played."""
        at = len(self.done)
        if at < len(self._script.steps):
            self.done.append(Done(self._script.steps[at], self._sent, None, problem, self._adapted, self._replies))
        self.stopped = problem

    def _play(self, at: int, step: Step) -> Play:
        plays: dict[Act, Callable[[int, Step], Play]] = {
            Act.GREETING: lambda _, step: self._reply(step),
            Act.HELLO: lambda _, step: self._hello(step),
            Act.XCLIENT: lambda _, step: self._xclient(step),
            Act.STARTTLS: lambda _, step: self._starttls(step),
            Act.AUTH: lambda _, step: self._login(step),
            Act.MAIL: self._envelope,
            Act.RCPT: self._envelope,
            Act.CONTENT: self._content,
            Act.OTHER: lambda _, step: self._command(step, step.line),
        }
        return plays[step.act](at, step)

    def _timeout(self, step: Step) -> float:
        return (step.expect.timeout_s if step.expect else None) or self._rules.timeout_s

    def _reply(self, step: Step) -> Play:
        return (yield Receive(self._timeout(step)))

    def _command(self, step: Step, line: bytes, octets: bytes = b"", shown: bytes | None = None) -> Play:
        """Send a line, with what belongs to it in the same write, and take the reply; `shown` is what may be shown."""
        self._sent = line if shown is None else shown
        yield Send(line + b"\r\n" + octets)
        return (yield from self._reply(step))

    def _hello(self, step: Step) -> Play:
        reply = yield from self._command(step, step.line)
        if reply is not None and reply.code == 250:
            self._offered = {} if step.verb == "HELO" else offer(reply)
            self._lmtp = step.verb == "LHLO"
            self.offers.append(tuple(offered_lines(reply)))
        return reply

    def _xclient(self, step: Step) -> Play:
        """Who the client was, as far as the target lets it be said; it greets anew after that."""
        offered = (self._offered or {}).get("XCLIENT", "").split()
        line = allowed_attributes(step.line, offered)
        if not line:
            return self._refuse("the target does not offer XCLIENT with ADDR to us")
        reply = yield from self._command(step, line)
        if reply is not None and reply.code == 220:
            self._offered = None
        return reply

    def _starttls(self, step: Step) -> Play:
        if not self._offers("STARTTLS"):
            return self._refuse("the target does not offer STARTTLS")
        reply = yield from self._command(step, b"STARTTLS")
        if reply is not None and reply.code == 220:
            yield StartTls(self._timeout(step))
            self._tls, self._offered = True, None
        return reply

    def _login(self, step: Step) -> Play:
        how = step.login
        assert how is not None
        offered = (self._offered or {}).get("AUTH", "").split()
        if not (self._tls or self._rules.plain_auth):
            return self._refuse("there is no TLS, and credentials do not go in clear")
        if how.mechanism not in offered and not self._rules.force_auth:
            return self._refuse(f"the target does not offer {how.mechanism} but {' '.join(offered) or 'no AUTH'}")
        return (yield from self._talk(step, how))

    def _talk(self, step: Step, how: LoginAs) -> Play:
        lines = talk(how, self._rules.login(how))
        shown, reply = b"", None
        try:
            line = next(lines)
            while True:
                shown = shown + b" " + line.shown if shown else line.shown
                reply = yield from self._command(step, line.octets, shown=shown)
                line = lines.send(_given(reply))
        except StopIteration as end:
            self._problem = end.value
        return reply

    def _envelope(self, at: int, step: Step) -> Play:
        line, left = fitted(step.line, self._offered or {}, self._size(at))
        self._adapted += left
        reply = yield from self._command(step, line)
        if step.act is Act.MAIL:
            self._recipients = [0, 0]
        elif reply is not None:
            self._recipients[_went_well(reply)] += 1
        return reply

    def _size(self, at: int) -> int:
        """Octets of the message that follows MAIL."""
        size = 0
        for step in self._script.steps[at + 1 :]:
            if step.act is Act.MAIL:
                break
            size += len(step.content or b"")
        return size

    def _content(self, at: int, step: Step) -> Play:
        if self._recipients[False] and not self._recipients[True] and _was_accepted(step):
            return self._refuse("the target took no recipient")
        if step.verb == "BDAT" and self._offers("CHUNKING"):
            content = step.content or b""
            last = b" LAST" if _ENDS.search(step.line) else b""
            reply = yield from self._command(step, b"BDAT %d%s" % (len(content), last), content)
            return (yield from self._others(step, reply)) if last else reply
        if step.verb == "BDAT":
            return (yield from self._as_data(at, step))
        return (yield from self._data(step, step.content))

    def _others(self, step: Step, reply: Said | None) -> Play:
        """The replies for the other recipients, one for each that was accepted, in LMTP (RFC 2033, 4.2)."""
        self._replies = (reply,) if self._lmtp and reply else ()
        while self._lmtp and len(self._replies) < self._recipients[True]:
            reply = yield from self._reply(step)
            self._replies += (_given(reply),)
        return reply

    def _as_data(self, at: int, step: Step) -> Play:
        """All chunks as one DATA with the last of them, where the target has no CHUNKING."""
        self._adapted += ("DATA for BDAT",)
        if not _ENDS.search(step.line):
            return self._refuse(LATER)
        first = at
        while first and self._script.steps[first - 1].act is Act.CONTENT:
            first -= 1
        chunks = (each.content or b"" for each in self._script.steps[first : at + 1])
        return (yield from self._data(step, b"".join(chunks)))

    def _data(self, step: Step, content: bytes | None) -> Play:
        reply = yield from self._command(step, b"DATA")
        if reply is None or reply.code != 354:
            return reply
        if content is None:
            self._dead = True
            return reply
        yield Send(stuffed(content))
        return (yield from self._others(step, (yield from self._reply(step))))

    def _quit(self) -> Generator[Action, Said | None, None]:
        last = self._script.steps[-1]
        step = last if last.act is Act.QUIT else Step(Act.QUIT, "QUIT", b"QUIT")
        if step is not last or self.stopped:
            self.ended = True
            yield Send(b"QUIT\r\n")
            yield Receive(min(self._rules.timeout_s, _FAREWELL_S))
            return
        self._adapted, self._problem = (), ""
        received = yield from self._command(step, b"QUIT")
        self.done.append(Done(step, self._sent, received))

    def _refuse(self, problem: str) -> Said | None:
        """Do not send the step, and say why."""
        self._problem = problem
        return None

    def _offers(self, keyword: str) -> bool:
        return self._offered is not None and keyword in self._offered

    def _stops(self, step: Step, received: Said | None) -> str:
        """Why the session ends after this step, "" where it goes on."""
        if self._dead:
            return "the target waits for a message that the session does not have; the connection is closed"
        if step.why_not or self._problem == LATER:
            return ""
        if received is None or self._problem:
            return self._problem
        optional = step.expect is not None and step.expect.optional
        return "" if _went_well(received) or not _was_accepted(step) or optional else self._fails(step, received)

    def _fails(self, step: Step, received: Said) -> str:
        """Why the session ends after a refusal that the recording does not have."""
        if received.code == 421:
            return "the target closes"
        if step.act in (Act.RCPT, Act.OTHER):
            return ""
        return f"{step.verb or 'the greeting'} was refused, and what follows builds on it"


def _given(reply: Said | None) -> Said:
    assert reply is not None  # who drives the player answers every Receive
    return reply


def _went_well(reply: Said) -> bool:
    return reply.code < 400


def _was_accepted(step: Step) -> bool:
    """Whether the step went well in the recording, or nothing is known of it."""
    return step.recorded is None or step.recorded.code < 400
