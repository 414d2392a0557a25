"""What every way of playing a script has in common: lines out, replies in, TLS, logins, values; no I/O."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

from smtptrace.redact import forms
from smtptrace.replay.actions import LONGEST_PAUSE_S, Action, Done, Pause, Play, Receive, Rules, Send, StartTls
from smtptrace.replay.forwarded import allowed_attributes
from smtptrace.replay.login import talk
from smtptrace.replay.offer import offer, offered_lines
from smtptrace.replay.script import Act, LoginAs, Said, Script, Step
from smtptrace.replay.values import MissingValueError, Value, filled
from smtptrace.secret import MASK, Secret

_FAREWELL_S = 5.0
"""Seconds to wait for the reply to a QUIT that is not of the session."""
NO_TLS = "there is no TLS, and credentials do not go in clear"
_CHALLENGE = 334
_SHORTEST = 4
"""Octets of a secret that is looked for in replies; a shorter one would be found in every word."""


class Conversation:
    """One script played once; `done` grows with each step, `offers` holds what each EHLO was answered with.

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
        self._lmtp = False
        self._dead = False
        self._values: dict[str, Value] = dict(rules.values)
        logins = (step.login for step in script.steps if step.login)
        self._secrets = _searched([*rules.values.values(), *(each.secret for each in logins if each.secret)])
        self._begin(Step(Act.GREETING, ""))

    def _begin(self, step: Step) -> None:
        """Forget what was noted of the step before."""
        self._sent = b""
        self._adapted = step.adapted
        self._problem = step.why_not
        self._replies: tuple[Said, ...] = ()

    @property
    def begins_in_tls(self) -> bool:
        """Whether TLS begins before the greeting."""
        return self._script.tls == "implicit"

    @property
    def preamble(self) -> bytes:
        """What goes out before all else, TLS included."""
        return self._script.preamble

    def play(self) -> Generator[Action, Said | None, None]:
        """The actions of the whole session."""
        raise NotImplementedError

    def broken(self, problem: str) -> str:
        """Note that the connection ended in the step that was being played; gives what may be shown of the problem."""
        problem = self._blind(problem.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
        at = len(self.done)
        if at < len(self._script.steps):
            self._note(self._script.steps[at], None, problem)
        self.stopped = problem
        return problem

    def _note(self, step: Step, received: Said | None, problem: str) -> None:
        """What became of a step is known."""
        seen = received and self._without_secrets(received)
        self.done.append(Done(step, self._sent, seen, problem, self._adapted, self._replies))

    def _pause(self, nanoseconds: int) -> Generator[Action, Said | None, None]:
        """Wait as long as the recorded client did, at the pace that is wanted."""
        if self._rules.pace and nanoseconds:
            yield Pause(min(nanoseconds / 1e9 * self._rules.pace, LONGEST_PAUSE_S))

    def _timeout(self, step: Step) -> float:
        return (step.expect.timeout_s if step.expect else None) or self._rules.timeout_s

    def _reply(self, step: Step) -> Play:
        reply = yield Receive(self._timeout(step))
        if reply is None or reply.code == _CHALLENGE:
            return reply
        return self._without_secrets(reply)

    def _without_secrets(self, reply: Said) -> Said:
        """The reply as it may be shown; a challenge is whole until it was answered."""
        return replace(reply, lines=tuple(map(self._blind, reply.lines))) if self._secrets else reply

    def _blind(self, octets: bytes) -> bytes:
        """The octets without the secrets that were sent."""
        for secret in self._secrets:
            octets = octets.replace(secret, MASK.encode())
        return octets

    def _command(self, step: Step, line: bytes, octets: bytes = b"", shown: bytes | None = None) -> Play:
        """Send a line, with what belongs to it in the same write, and take the reply; `shown` is what may be shown."""
        ready = self._ready(step, line)
        if ready is None:
            return None
        self._sent = self._sent if shown is None else shown
        yield Send(ready + b"\r\n" + octets)
        return (yield from self._reply(step))

    def _ready(self, step: Step, line: bytes) -> bytes | None:
        """The line with its values in, None where it must not go."""
        if step.sends_secret and not (self._tls or self._rules.plain_auth):
            return self._refused(NO_TLS)
        try:
            line, self._sent = filled(line, self._values) if step.asks else (line, line)
        except MissingValueError as error:
            return self._refused(f"{error}")
        if step.act is Act.RCPT and not self._rules.may_go(line):
            return self._refused("this recipient is not allowed")
        return line

    def _take(self, step: Step, received: Said | None) -> None:
        """Keep the values that are to be taken from the reply."""
        for capture in step.captures if received is not None else ():
            value = capture.find(line[4:] for line in received.lines) if received else None
            if value is None:
                self._problem = self._problem or f"{capture.name} is not in the reply"
            else:
                self._values[capture.name] = value

    def _hello(self, step: Step) -> Play:
        reply = yield from self._command(step, step.line)
        self._greeted(step, reply)
        return reply

    def _greeted(self, step: Step, reply: Said | None) -> None:
        """Keep what is offered."""
        if reply is not None and reply.code == 250:
            self._offered = {} if step.verb == "HELO" else offer(reply)
            self._lmtp = step.verb == "LHLO"
            self.offers.append(tuple(offered_lines(reply)))

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
            return self._refuse(NO_TLS)
        if how.mechanism not in offered and not self._rules.force_auth:
            return self._refuse(f"the target does not offer {how.mechanism} but {' '.join(offered) or 'no AUTH'}")
        return (yield from self._talk(step, how))

    def _talk(self, step: Step, how: LoginAs) -> Play:
        login = self._rules.login(how)
        if login.user.encode() != login.secret.octets():
            self._secrets = _longest_first({*self._secrets, *_searched([login.secret])})
        lines = talk(how, login)
        shown, reply = b"", None
        try:
            line = next(lines)
            while True:
                shown = shown + b" " + line.shown if shown else line.shown
                reply = yield from self._command(step, line.octets, shown=shown)
                line = lines.send(given(reply))
        except StopIteration as end:
            self._problem = end.value
        return reply

    def _quit(self) -> Generator[Action, Said | None, None]:
        """Take leave, as the session does or else by ourselves."""
        last = self._script.steps[-1]
        step = last if last.act is Act.QUIT else Step(Act.QUIT, "QUIT", b"QUIT")
        if step is not last or self.stopped:
            self.ended = True
            yield Send(b"QUIT\r\n")
            yield Receive(min(self._rules.timeout_s, _FAREWELL_S))
            return
        self._begin(step)
        yield from self._pause(step.pause_ns)
        received = yield from self._command(step, b"QUIT")
        self._take(step, received)
        self._note(step, received, self._problem)

    def _refuse(self, problem: str) -> Said | None:
        """Do not send the step, and say why."""
        self._refused(problem)
        return None

    def _refused(self, problem: str) -> bytes | None:
        self._problem = problem
        return None

    def _offers(self, keyword: str) -> bool:
        return self._offered is not None and keyword in self._offered

    def _stops(self, step: Step, received: Said | None, problem: str) -> str:
        """Why the session ends after this step, "" where it goes on."""
        if self._dead:
            return "the target waits for a message that the session does not have; the connection is closed"
        if step.why_not:
            return ""
        if received is None or problem:
            return problem
        optional = step.expect is not None and step.expect.optional
        return "" if went_well(received) or not was_accepted(step) or optional else _fails(step, received)


def _searched(secrets: Iterable[Secret]) -> tuple[bytes, ...]:
    """The secrets in all forms, the longest first."""
    long = (secret.octets() for secret in secrets if len(secret.octets()) >= _SHORTEST)
    return _longest_first({form for secret in long for form in forms(secret) if len(form) >= _SHORTEST})


def _longest_first(found: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(found, key=len, reverse=True))


def _fails(step: Step, received: Said) -> str:
    """Why the session ends after a refusal that the recording does not have."""
    if received.code == 421:
        return "the target closes"
    if step.act in (Act.RCPT, Act.OTHER):
        return ""
    return f"{step.verb or 'the greeting'} was refused, and what follows builds on it"


def given(reply: Said | None) -> Said:
    """The reply, which is there: who drives a player answers every Receive."""
    assert reply is not None
    return reply


def went_well(reply: Said) -> bool:
    """Whether the reply is no refusal."""
    return reply.code < 400


def was_accepted(step: Step) -> bool:
    """Whether the step went well in the recording, or nothing is known of it."""
    return step.recorded is None or step.recorded.code < 400
