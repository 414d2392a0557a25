"""Plays a script as it was meant, without I/O: actions come out, replies go in; what became of each step is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import suppress

from smtptrace.replay.actions import TIMEOUT_S, Action, Done, Pause, Play, Receive, Rules, Send, StartTls
from smtptrace.replay.content import stuffed
from smtptrace.replay.conversation import Conversation, given, was_accepted, went_well
from smtptrace.replay.offer import UTF8, fitted
from smtptrace.replay.script import Act, Said, Script, Step
from smtptrace.replay.values import MissingValueError, filled

__all__ = ["TIMEOUT_S", "Action", "Done", "Pause", "Play", "Player", "Receive", "Rules", "Send", "StartTls"]

_ENDS = re.compile(rb"(?i)LAST[ \t]*$")
_GROUPED = (Act.MAIL, Act.RCPT)
_MOST_TOGETHER = 100
"""Commands in one write: their replies must find room while it lasts (RFC 2920, 3.1)."""
LATER = "sent with the last chunk, for the target has no CHUNKING"
NOBODY = "the target took no recipient"


class Player(Conversation):
    """Plays one script as it was meant: command after command, adapted to what the target offers."""

    def __init__(self, script: Script, rules: Rules) -> None:
        super().__init__(script, rules)
        self._recipients = [0, 0]

    def play(self) -> Generator[Action, Said | None, None]:
        """The actions of the whole session, QUIT at its end."""
        while not self.stopped and (at := len(self.done)) < len(self._script.steps):
            if self._script.steps[at].act is Act.QUIT:
                break
            group = self._group(at)
            yield from self._together(group) if len(group) > 1 else self._alone(at)
        if not self._dead:
            yield from self._quit()

    def _alone(self, at: int) -> Generator[Action, Said | None, None]:
        """One step, and its reply before anything else."""
        step = self._script.steps[at]
        self._begin(step)
        received = None
        if not step.why_not:
            yield from self._pause(step.pause_ns)
            received = yield from self._play(at, step)
        self._end(step, received)

    def _end(self, step: Step, received: Said | None) -> None:
        self._take(step, received)
        self._note(step, received, self._problem)
        if self._problem != LATER:
            self.stopped = self.stopped or self._stops(step, received, self._problem)

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

    def _group(self, at: int) -> tuple[int, ...]:
        """The steps from this one on that the client sent together and that may be sent so here (RFC 2920, 3.1)."""
        steps = self._script.steps
        if steps[at].act not in _GROUPED or steps[at].why_not or not self._offers("PIPELINING"):
            return (at,)
        stop, most = at + 1, min(len(steps), at + _MOST_TOGETHER)
        while stop < most and _joins(steps[stop]) and (steps[stop].act in _GROUPED or steps[stop].verb == "DATA"):
            stop += 1
            if steps[stop - 1].act is Act.CONTENT:
                break
        return tuple(range(at, stop))

    def _together(self, group: tuple[int, ...]) -> Generator[Action, Said | None, None]:
        """Several steps in one write, then their replies; content goes out once all of them are known."""
        steps = [self._script.steps[at] for at in group]
        lines, shown = [], []
        for at, step in zip(group, steps, strict=True):
            self._begin(step)
            meant = b"DATA" if step.act is Act.CONTENT else self._line(at, step)
            line = None if meant is None else self._ready(step, meant)
            if line is None:
                break
            lines.append(line + b"\r\n")
            shown.append((self._sent, self._adapted))
        if len(lines) < 2:
            yield from self._alone(group[0])
            return
        yield from self._pause(steps[0].pause_ns)
        yield Send(b"".join(lines))
        for step, (sent, adapted) in zip(steps, shown, strict=False):
            self._begin(step)
            self._sent, self._adapted = sent, adapted
            received = yield from self._reply(step)
            if step.act is Act.CONTENT:
                received = yield from self._after_data(step, received)
            else:
                self._count(step, received)
            self._end(step, received)

    def _after_data(self, step: Step, reply: Said | None) -> Play:
        """The content, or a lone dot where the target wants one although it took no recipient (RFC 2920, 3.1).

        Where the session ends although there is a recipient, nothing is sent: a dot would be an empty message.
        """
        if reply is None or reply.code != 354:
            return reply
        if self._recipients[True] or not self._recipients[False]:
            return (yield from self._message(step, None if self.stopped else step.content, reply))
        yield Send(b".\r\n")
        received = yield from self._reply(step)
        self._problem = NOBODY if was_accepted(step) else ""
        return received

    def _envelope(self, at: int, step: Step) -> Play:
        if step.together and self._script.steps[at - 1].act in _GROUPED and not self._offers("PIPELINING"):
            self._adapted += ("sent alone, for the target has no PIPELINING",)
        line = self._line(at, step)
        reply = None if line is None else (yield from self._command(step, line))
        self._count(step, reply)
        return reply

    def _asks_utf8(self, at: int) -> bool:
        """Whether the transaction of this step was one with SMTPUTF8."""
        mails = (step.line for step in reversed(self._script.steps[: at + 1]) if step.act is Act.MAIL)
        return UTF8.search(next(mails, b"")) is not None

    def _line(self, at: int, step: Step) -> bytes | None:
        """MAIL or RCPT fitted to what the target offers, None where it cannot be (RFC 6531, 3.4)."""
        if not step.line.isascii() and not self._offers("SMTPUTF8") and self._asks_utf8(at):
            return self._refused("the address needs SMTPUTF8, which the target does not offer")
        size = self._size(at) if step.act is Act.MAIL else 0
        line, left = fitted(step.line, self._offered or {}, size)
        self._adapted += left
        return line

    def _count(self, step: Step, reply: Said | None) -> None:
        if step.act is Act.MAIL:
            self._recipients = [0, 0]
        elif reply is not None:
            self._recipients[went_well(reply)] += 1

    def _size(self, at: int) -> int:
        """Octets of the message that follows MAIL."""
        size = 0
        for step in self._script.steps[at + 1 :]:
            if step.act is Act.MAIL:
                break
            with suppress(MissingValueError):  # said where the content is to be sent
                size += len(self._filled(step) or b"")
        return size

    def _content(self, at: int, step: Step) -> Play:
        if self._recipients[False] and not self._recipients[True] and was_accepted(step):
            return self._refuse(NOBODY)
        try:
            content = self._filled(step)
        except MissingValueError as error:
            return self._refuse(f"{error}")
        if step.verb == "BDAT" and self._offers("CHUNKING"):
            octets = content or b""
            last = b" LAST" if _ENDS.search(step.line) else b""
            reply = yield from self._command(step, b"BDAT %d%s" % (len(octets), last), octets)
            return (yield from self._others(step, reply)) if last else reply
        if step.verb == "BDAT":
            return (yield from self._as_data(at, step))
        return (yield from self._data(step, content))

    def _filled(self, step: Step) -> bytes | None:
        """The content with its values in."""
        if step.content is None or not step.fields:
            return step.content
        lines = step.content.split(b"\n")
        values = self._values
        return b"\n".join(filled(line, values)[0] if line.rstrip(b"\r") in step.fields else line for line in lines)

    def _others(self, step: Step, reply: Said | None) -> Play:
        """The replies for the other recipients, one for each that was accepted, in LMTP (RFC 2033, 4.2)."""
        self._replies = (reply,) if self._lmtp and reply else ()
        while self._lmtp and len(self._replies) < self._recipients[True]:
            reply = yield from self._reply(step)
            self._replies += (given(reply),)
        return reply

    def _as_data(self, at: int, step: Step) -> Play:
        """All chunks as one DATA with the last of them, where the target has no CHUNKING."""
        self._adapted += ("DATA for BDAT",)
        if not _ENDS.search(step.line):
            return self._refuse(LATER)
        first = at
        while first and self._script.steps[first - 1].act is Act.CONTENT:
            first -= 1
        chunks = (self._filled(each) or b"" for each in self._script.steps[first : at + 1])
        return (yield from self._data(step, b"".join(chunks)))

    def _data(self, step: Step, content: bytes | None) -> Play:
        reply = yield from self._command(step, b"DATA")
        if reply is None or reply.code != 354:
            return reply
        return (yield from self._message(step, content, reply))

    def _message(self, step: Step, content: bytes | None, reply: Said) -> Play:
        if content is None:
            self._dead = True
            return reply
        yield Send(stuffed(content))
        return (yield from self._others(step, (yield from self._reply(step))))


def _joins(step: Step) -> bool:
    """Whether a step was sent before the reply to the one before it, and can be so again."""
    return step.together and not step.why_not and not step.asks and not step.fields
