"""Plays a script as it was sent, without I/O: the very octets, and replies awaited where the client awaited them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator

from smtptrace.replay.actions import Action, Play, Rules, Send, StartTls
from smtptrace.replay.content import stuffed
from smtptrace.replay.conversation import NO_TLS, Conversation, given
from smtptrace.replay.fields import with_filled
from smtptrace.replay.step import Act, Said, Script, Step
from smtptrace.replay.timing import Part, Piece
from smtptrace.replay.values import MissingValueError, filled

EARLY = "the message was sent before the target asked for it, and it did not ask"
MORE = "the target waits for more than the session has; the connection is closed"


class SentPlayer(Conversation):
    """Plays one script as it was sent.

    What follows a reply is sent only after it, so far as it was so in the recording; a message goes out where the
    target asks for one, and nothing is added: the end of the session is the end of the connection.
    """

    def __init__(self, script: Script, rules: Rules) -> None:
        super().__init__(script, rules)
        self._due: deque[tuple[int, bool]] = deque()
        self._outgoing: list[Piece] = []

    def play(self) -> Generator[Action, Said | None, None]:
        """The actions of the whole session; QUIT at its end only where it has one or ends early."""
        for at, step in enumerate(self._script.steps):
            if step.act is Act.GREETING:
                self._due.append((at, True))
            elif step.parts and step.act is not Act.STARTTLS:
                yield from self._say(at, step)
            else:
                yield from self._catch_up(0)
                if not self.stopped:
                    yield from self._alone(step)
            if self.stopped:
                break
        if not self.stopped:
            yield from self._catch_up(0)
            yield from self._flush()
        if self.stopped and not self._dead:
            yield from self._quit()

    def _say(self, at: int, step: Step) -> Generator[Action, Said | None, None]:
        """All parts of a step, each when the replies have come that the client had by then."""
        if step.asks or step.fields or step.login:
            yield from self._catch_up(0)
        parts = None if self.stopped else self._made(step)
        if parts is None:
            self._give_up(step)
            return
        for number, part in enumerate(parts):
            yield from self._catch_up(part.owed)
            if self.stopped or len(self.done) > at:
                return
            self._outgoing += part.pieces
            last = number == len(parts) - 1
            if last and not part.pieces[-1].octets.endswith(b"\n") and step.recorded is None:
                yield from self._unfinished(step)
            else:
                self._due.append((at, last))

    def _give_up(self, step: Step) -> None:
        """The step must not be sent: the session ends."""
        if not self.stopped:
            self._note(step, None, self._problem)
            self.stopped = self._problem

    def _unfinished(self, step: Step) -> Generator[Action, Said | None, None]:
        """What never became a line is sent, and no reply is due."""
        yield from self._catch_up(0)
        yield from self._flush()
        if not self.stopped:
            self._begin(step)
            self._sent = step.line
            self._note(step, None, "")

    def _made(self, step: Step) -> tuple[Part, ...] | None:
        """The parts of a step with its values in, None where they must not go."""
        self._begin(step)
        if step.login and not (self._tls or self._rules.plain_auth):
            self._refuse(NO_TLS)
            return None
        if step.verb == "BDAT" and not self._offers("CHUNKING"):
            self._refuse("the target has no CHUNKING, and would take the message for commands")
            return None
        if not step.login and self._ready(step, step.line) is None:
            return None
        try:
            if not step.asks and not step.fields:
                return step.parts
            return with_filled(step, lambda line: filled(line, self._values)[0])
        except MissingValueError as error:
            self._refuse(f"{error}")
            return None

    def _catch_up(self, owed: int) -> Generator[Action, Said | None, None]:
        """Send what waits and take replies, until no more than so many are owed."""
        while len(self._due) > owed and not self.stopped:
            at, last = self._due.popleft()
            step = self._script.steps[at]
            self._begin(step)
            self._sent = shown(step) if step.login else self._shown(step)
            yield from self._flush()
            reply = yield from self._reply(step)
            yield from self._answered(step, reply, at=at, last=last)

    def _shown(self, step: Step) -> bytes:
        try:
            return filled(step.line, self._values)[1] if step.asks else step.line
        except MissingValueError:
            return step.line

    def _answered(self, step: Step, reply: Said | None, *, at: int, last: bool) -> Generator[Action, Said | None, None]:
        """What a reply means: it asks for the next part, or it ends the step."""
        reply = given(reply)
        asked = 300 <= reply.code < 400
        if asked and not last:
            return
        if asked and step.content is not None and step.verb == "DATA" and len(step.parts) == 1:
            yield Send(stuffed(step.content))
            reply = given((yield from self._reply(step)))
        elif asked:
            self._dead = True
        early = bool(self._due) and self._due[0][0] == at
        if step.act is Act.HELLO:
            self._greeted(step, reply)
        self._end(step, reply)
        if self._dead:
            self.stopped = "" if self._is_last(at) and step.recorded and step.recorded.code == reply.code else MORE
        elif early:
            self._dead = True
            self.stopped = EARLY

    def _is_last(self, at: int) -> bool:
        return at == len(self._script.steps) - 1

    def _end(self, step: Step, reply: Said | None) -> None:
        self._take(step, reply)
        self._note(step, reply, self._problem)
        self.stopped = self._stops(step, reply, self._problem)

    def _flush(self) -> Generator[Action, Said | None, None]:
        """Send what waits, in one write but where the client paused."""
        waiting, self._outgoing = self._outgoing, []
        octets: list[bytes] = []
        for piece in waiting:
            pause = list(self._pause(piece.pause_ns))
            if pause and octets:
                yield Send(b"".join(octets))
                octets = []
            yield from pause
            octets.append(piece.octets)
        if octets:
            yield Send(b"".join(octets))

    def _alone(self, step: Step) -> Generator[Action, Said | None, None]:
        """A step that is awaited before anything else is said."""
        self._begin(step)
        yield from self._pause(step.pause_ns)
        plays: dict[Act, Callable[[Step], Play]] = {
            Act.STARTTLS: self._secure,
            Act.AUTH: self._login,
            Act.XCLIENT: self._xclient,
            Act.HELLO: self._hello,
        }
        play = plays.get(step.act)
        reply = yield from play(step) if play else self._command(step, step.line)
        self._end(step, reply)

    def _secure(self, step: Step) -> Play:
        """STARTTLS in the octets of the session."""
        if not step.parts:
            return (yield from self._starttls(step))
        if not self._offers("STARTTLS"):
            return self._refuse("the target does not offer STARTTLS")
        self._sent = step.line
        yield Send(step.parts[0].octets)
        reply = yield from self._reply(step)
        if reply is not None and reply.code == 220:
            yield StartTls(self._timeout(step))
            self._tls, self._offered = True, None
        return reply


def shown(step: Step) -> bytes:
    """A login with the octets of the trace, without what is secret in it."""
    how = step.login
    first = f"AUTH {how.mechanism}{' ****' if how.initial else ''}" if how else ""
    return (first + " ****" * (len(step.parts) - 1)).encode()
