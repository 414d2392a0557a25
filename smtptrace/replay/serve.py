"""Plays the server of a recorded session without I/O: actions come out, what the client says goes in."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from smtptrace.grammar import VERBS, is_base64, verb_of
from smtptrace.replay.serve_action import BeginTls, ClientGoneError, Course, Say, hear_content, hear_line
from smtptrace.replay.serve_login import CANCELLED, login
from smtptrace.replay.serve_roster import Seat
from smtptrace.replay.serve_script import CHUNK, TLS, Script, kind_of, octets_of
from smtptrace.replay.serve_usual import ENOUGH, accepting, accepting_login
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange, DataExchange, Exchange, Reply

MOST_CONTENT = 64 * 1024 * 1024
"""Octets of a message, or of one chunk that a client may announce."""

MOST_TOLD = 100
"""Deviations that are told one by one."""

_INITIAL = re.compile(rb"[A-Za-z-]+[ \t=]+[^ \t]+[ \t]+([^ \t]+)")


class Unrecorded(enum.Enum):
    """What to do with what is not recorded: refuse it, end the connection, or take it as another server would."""

    REFUSE = "refuse"
    CLOSE = "close"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Manner:
    """How to serve: `strict` wants the very lines in their order; `unrecorded` says what to do with anything else.

    `refusal` is the reply that refuses. `secret` is the password of who logs in: with it challenges are made anew and
    responses checked.
    """

    strict: bool = False
    unrecorded: Unrecorded = Unrecorded.REFUSE
    refusal: bytes = b"502 5.5.1 not in the recording"
    secret: Secret | None = None


class Server:
    """Serves one connection.

    Args:
        seat: whose session is played; it may become another one when the client tells who it is.
        manner: how near the client must keep to it.
    """

    def __init__(self, seat: Seat, manner: Manner) -> None:
        self._seat = seat
        self._manner = manner
        self._playing = seat.recorded
        self._script = Script(seat.recorded.session, strict=manner.strict)
        self._lines: list[tuple[bytes, bool]] = []
        self._left: list[str] = []
        self._untold = 0
        self._tls = seat.recorded.implicit
        self._recipients = 0
        self._asked_for_each = False
        self._logs_in = False
        self._ended = False

    @property
    def playing(self) -> str:
        """The name of the session that is played."""
        return self._playing.name

    def deviations(self) -> tuple[str, ...]:
        """Where the client left the script until now, what it did not say yet included."""
        more = (f"and {self._untold} more of that kind",) if self._untold else ()
        never = [f"never heard: {name}" for name in self._script.never_heard()]
        rest = (f"and {len(never) - MOST_TOLD} more commands",) if len(never) > MOST_TOLD else ()
        return (*self._left, *more, *never[:MOST_TOLD], *rest)

    def serve(self) -> Course[None]:
        """The actions of the whole session."""
        greeting = self._seat.recorded.session.greeting
        yield Say(octets_of(greeting) or b"220 smtptrace\r\n")
        self._ended = not self._script.exchanges and self._script.ends()
        try:
            while not self._ended:
                yield from self._command((yield from hear_line()))
        except ClientGoneError:
            pass  # its end is an event of the connection, and what it did not say is told
        self._seat.settle()
        if self._seat.recorded is not self._playing:
            self._switch()

    def _command(self, line: bytes) -> Course[None]:
        self._known_by(line)
        verb, kind = verb_of(line), kind_of(line)
        self._logs_in = self._logs_in and verb not in VERBS
        exchange = self._script.find(line, tls=self._tls)
        self._remember(line)
        self._ended = verb == "QUIT" or _code(self._playing.session.greeting) >= 400
        if exchange is None:
            yield from self._unrecorded(line, verb, kind)
            return
        try:
            yield from self._answer(exchange, line, kind)
        except ClientGoneError:
            if exchange.reply is not None:
                self._tell(f"broken off: {kind}")
            raise
        self._ended = self._ended or self._script.ends() or _code(exchange.reply) == 421

    def _answer(self, exchange: Exchange, line: bytes, kind: str | None) -> Course[None]:
        if isinstance(exchange, AuthExchange):
            yield from self._login(exchange, line)
        elif kind in ("DATA", "CHUNK"):
            yield from self._content(exchange, line)
        else:
            yield Say(_hello(exchange.reply, line) if kind == "EHLO" and exchange.reply else self._final(exchange))
            self._count(kind, line, _code(exchange.reply))
            if kind in TLS and _code(exchange.reply) == 220:
                yield from self._begin_tls()

    def _final(self, exchange: Exchange) -> bytes:
        """The reply to a command; where none is recorded the connection ended, or nobody knows."""
        found = octets_of(*exchange.replies) or octets_of(exchange.reply)
        return found or (b"" if self._script.ends() else self._manner.refusal + b"\r\n")

    def _begin_tls(self) -> Course[None]:
        yield BeginTls()
        self._tls = True

    def _count(self, kind: str | None, line: bytes, code: int) -> None:
        """The recipients of the present transaction, and whether its client wants a verdict on each (PRDR)."""
        if kind == "RCPT":
            self._recipients += code < 300
        elif kind in ("MAIL", "EHLO", "RSET"):
            self._recipients = 0
            self._asked_for_each = kind == "MAIL" and b"PRDR" in line.upper().split()

    def _known_by(self, line: bytes) -> None:
        """Choose the session by what the client says of itself."""
        kind, words = kind_of(line), line.split(None, 1)
        if kind == "EHLO":
            self._seat.hello(words[1].strip() if len(words) > 1 else b"")
        elif kind in ("MAIL", "QUIT"):
            self._seat.no_login()
        elif kind and kind.startswith("AUTH "):
            self._seat.mechanism(kind[5:])
        if self._seat.recorded is not self._playing:
            self._switch()

    def _switch(self) -> Exchange | None:
        """Go on in another session, as if it had been the one from the beginning; gives what answers the last line."""
        self._playing, found = self._seat.recorded, None
        self._script = Script(self._playing.session, strict=self._manner.strict)
        self._left, self._untold = [], 0
        for line, tls in self._lines:
            found = self._script.find(line, tls=tls)
            if found is None:
                self._tell(f"not recorded: {_shown(line, secret=verb_of(line) not in VERBS)}")
        return found

    def _remember(self, line: bytes) -> None:
        if not self._seat.settled:
            self._lines.append((line, self._tls))
        if len(self._lines) >= MOST_TOLD:
            self._seat.settle()

    def _unrecorded(self, line: bytes, verb: str | None, kind: str | None) -> Course[None]:
        manner, harmless = self._manner, ENOUGH.get(verb or "")
        chunk = CHUNK.match(line)
        if chunk:
            yield from self._chunk(int(chunk[1]))
        if manner.strict or not (harmless or manner.unrecorded is Unrecorded.ACCEPT or kind == "CHUNK"):
            self._leave(line)
        self._logs_in = self._logs_in or verb in ("AUTH", "X-EXPS")
        if harmless:
            yield Say(harmless + b"\r\n")
        elif manner.unrecorded is Unrecorded.ACCEPT:
            yield from self._accept(line, verb, kind or "")
        elif kind == "CHUNK" and not manner.strict:
            yield Say(b"250 2.0.0 OK\r\n")  # the reply that counts is the one to the last
        elif manner.unrecorded is Unrecorded.CLOSE:
            yield Say(b"421 4.3.2 not in the recording\r\n")
            self._ended = True
        else:
            yield Say(manner.refusal + b"\r\n")
            self._ended = self._ended or manner.refusal.startswith(b"421")

    def _accept(self, line: bytes, verb: str | None, kind: str) -> Course[None]:
        if verb in ("AUTH", "X-EXPS"):
            made_up = accepting_login(kind.partition(" ")[2])
            if made_up is not None:
                yield from self._login(made_up, line)
            else:
                yield Say(b"504 5.5.4 not in the recording\r\n")
            return
        if verb == "DATA":
            yield Say(b"354 go ahead\r\n")
            yield from hear_content()
        yield Say(accepting(verb) + b"\r\n")
        if verb == "STARTTLS" and not self._tls:
            yield from self._begin_tls()

    def _leave(self, line: bytes) -> None:
        self._tell(f"not recorded: {_shown(line, secret=self._logs_in)}")

    def _tell(self, deviation: str) -> None:
        if len(self._left) < MOST_TOLD:
            self._left.append(deviation)
        else:
            self._untold += 1

    def _login(self, recorded: AuthExchange, line: bytes) -> Course[None]:
        initial = _INITIAL.match(line)
        attempt = yield from login(recorded, initial[1] if initial else None, self._manner.secret)
        exchange: Exchange = recorded
        self._seat.login(attempt.mechanism, attempt.credential.authcid or "")
        if self._seat.recorded is not self._playing:
            exchange = self._switch() or exchange
        if attempt.cancelled and not (isinstance(exchange, AuthExchange) and exchange.cancelled):
            self._tell(f"cancelled: AUTH {attempt.mechanism}")
            yield Say(CANCELLED + b"\r\n")
        elif attempt.problem and _code(exchange.reply) < 300:
            self._tell(attempt.problem)
            yield Say(attempt.refusal + b"\r\n")
        else:
            yield Say(self._final(exchange))

    def _content(self, exchange: Exchange, line: bytes) -> Course[None]:
        chunk = CHUNK.match(line)
        recorded = exchange if isinstance(exchange, DataExchange) else None
        if chunk:
            yield from self._chunk(int(chunk[1]))
        elif recorded is not None and (recorded.intermediate is not None or recorded.content is not None):
            yield Say(octets_of(recorded.intermediate) or b"354 go ahead\r\n")
            yield from hear_content()
        yield Say(self._verdicts(exchange))

    def _verdicts(self, exchange: Exchange) -> bytes:
        """The reply to content; one a recipient in LMTP (RFC 2033, 4.2) and where the client asked for PRDR."""
        replies = exchange.replies
        if not replies or not (self._playing.session.lmtp or self._asked_for_each):
            return octets_of(exchange.reply) or self._final(exchange)
        before = replies[:1] if replies[0].code == 353 else ()
        after = replies[-1:] if before else ()
        each = replies[len(before) : len(replies) - len(after)]
        count = max(self._recipients, 1) if each else 0
        return octets_of(*before, *(each[min(at, len(each) - 1)] for at in range(count)), *after)

    def _chunk(self, size: int) -> Course[None]:
        if size > MOST_CONTENT:
            self._tell(f"a chunk of {size} octets, more than the {MOST_CONTENT} that are taken")
            raise ClientGoneError
        yield from hear_content(size)


def _code(reply: Reply | None) -> int:
    return 0 if reply is None else reply.code


def _hello(reply: Reply, line: bytes) -> bytes:
    """The reply to EHLO; HELO gets its first line alone, for it has no extensions (RFC 5321, 4.1.1.1)."""
    if verb_of(line) == "HELO" and len(reply.lines) > 1:
        return b"%d %s\r\n" % (reply.code, reply.lines[0][4:])
    return octets_of(reply)


def _shown(line: bytes, *, secret: bool) -> str:
    """A command as far as it may be shown: an initial response, or one that came too late, may be a secret."""
    kind = kind_of(line)
    if kind is not None and kind.startswith("AUTH"):
        return kind
    if secret or (kind is None and len(line) >= 8 and is_base64(line)):
        return f"a response of {len(line)} octets"
    return line.decode("utf-8", "backslashreplace")[:200]
