"""Session -> steps: what is sent, what was answered, and what is expected now."""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace import clean, grammar, masks
from smtptrace.auth import Credential, Exposure, read_credentials
from smtptrace.errors import UsageError
from smtptrace.grammar import without_line_end
from smtptrace.replay.expect import Directions, Expect, directions
from smtptrace.replay.timing import Part, Timeline
from smtptrace.replay.values import ENVIRONMENT, Capture, names_in
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange, Command, DataExchange, Exchange, Reply, Session, read_session
from smtptrace.trace import Trace
from smtptrace.wire import Connection, Endpoint, Exactness, Octets


class Act(enum.Enum):
    """What a step does to a session."""

    GREETING = "greeting"
    HELLO = "hello"
    XCLIENT = "xclient"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    CONTENT = "content"
    OTHER = "other"
    QUIT = "quit"


_ACTS = {
    "EHLO": Act.HELLO,
    "HELO": Act.HELLO,
    "LHLO": Act.HELLO,
    "STARTTLS": Act.STARTTLS,
    "MAIL": Act.MAIL,
    "RCPT": Act.RCPT,
    "DATA": Act.CONTENT,
    "BDAT": Act.CONTENT,
    "QUIT": Act.QUIT,
    **dict.fromkeys(("RSET", "NOOP", "VRFY", "EXPN", "HELP"), Act.OTHER),
}
_MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}")
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ABSENT = b"${MESSAGE}\r\n"
_Key = tuple[int | None, str | None, int]


@dataclass(frozen=True, slots=True)
class Said:
    """One reply, recorded or received: its whole lines, and nanoseconds since the command where both have times."""

    code: int
    lines: tuple[bytes, ...]
    latency_ns: int | None = None

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463)."""
        return grammar.enhanced_code(self.lines)

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The lines without code, separator and enhanced code."""
        rests = (line[4:] for line in self.lines)
        return tuple(grammar.ENHANCED.sub(b"", rest, count=1).lstrip() for rest in rests)


@dataclass(frozen=True, slots=True)
class LoginAs:
    """How the session logged in.

    `initial` tells of an initial response on the AUTH line; `cancelled_after` counts the responses before the
    client's `*`, None where there was none. `secret` is that of the trace, None where it holds only a proof.
    `variable` names the variable of the environment that a script takes it from.
    """

    mechanism: str
    user: str = ""
    domain: str = ""
    authzid: str = ""
    initial: bool = False
    cancelled_after: int | None = None
    secret: Secret | None = None
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One command with what belongs to it; the greeting is a step without a command, DATA has an intermediate reply.

    `line` is without its line end; where `open` is set, a placeholder or mask in it stands for what is not known.
    `content` is the message (the chunk, for BDAT) as the server took it, None where none was sent; `absent` tells
    that one was sent and is not here, `repeats` that a secret of the trace stood in it and was masked. `why_not` is
    a reason not to send the step at all. `replies` are those to the content, where there is one for each recipient
    (LMTP); `recorded` is the last of them.

    `parts` are the octets as they were sent, one for each reply, where the script is played as sent. `together` tells
    that the step was sent before the reply to the one before it had come, `pause_ns` how long nothing was said before
    it. `captures` are values to take from the reply. `asks` tells that values are put into the line while it is
    played, `needs` names those that nobody knows; `fields` are the lines of the content in which placeholders stand.
    `leaks` tells that a secret of the trace stands in it where no login is.
    """

    act: Act
    verb: str
    line: bytes = b""
    open: bool = False
    recorded: Said | None = None
    intermediate: Said | None = None
    expect: Expect | None = None
    login: LoginAs | None = None
    content: bytes | None = None
    absent: bool = False
    repeats: bool = False
    why_not: str = ""
    frame: int | None = None
    replies: tuple[Said, ...] = ()
    parts: tuple[Part, ...] = ()
    together: bool = False
    pause_ns: int = 0
    captures: tuple[Capture, ...] = ()
    asks: bool = False
    needs: tuple[str, ...] = ()
    fields: frozenset[bytes] = frozenset()
    leaks: bool = False


class NotPlayableError(UsageError):
    """There is nothing in a session that could be played."""


@dataclass(frozen=True, slots=True)
class Seen:
    """From where and when the session was recorded; nanoseconds since the epoch, None where it is not known."""

    client: Endpoint | None = None
    start_ns: int | None = None
    end_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A session to play: `tls` is none, starttls or implicit; `unread` tells that more was said than could be read.

    `preamble` goes out before anything else, TLS and the greeting included: a header of the PROXY protocol.
    """

    name: str
    steps: tuple[Step, ...]
    tls: str = "none"
    unread: str = ""
    seen: Seen = Seen()
    preamble: bytes = b""


def script_of(trace: Trace, name: str) -> Script:
    """The steps of a session as it was meant; the trace must hold the events of its connection and no masks.

    Raises:
        NotPlayableError: there is nothing in the session that could be played.
        UsageError: an expectation cannot be read.
    """
    tls = trace.session.tls
    if tls is not None and tls.implicit and not tls.opened:
        raise NotPlayableError(f"session {name}: it is encrypted from its first octet; --keylog opens it")
    steps = tuple(_Reader(trace).steps())
    kind = "none" if tls is None else "implicit" if tls.implicit else "starttls"
    unread = "what follows STARTTLS is encrypted in the recording" if tls and not tls.opened else ""
    if not any(step.verb for step in steps):
        raise NotPlayableError(f"session {name}: it holds no command to play")
    seen = Seen(trace.session.connection.client, trace.session.start_ns, trace.session.end_ns)
    return Script(name, steps, kind, unread, seen)


class _Reader:
    """Reads the steps out of the cleaned session, with latencies, logins and expectations of the one as sent."""

    def __init__(self, trace: Trace) -> None:
        connection = trace.session.connection
        mended, _ = clean.mended(connection)
        whole = read_session(mended, keep_content=True)
        self._credentials = list(read_credentials(whole))
        self._contents = {
            each.content.data for each in whole.exchanges if isinstance(each, DataExchange) and each.content
        }
        self._moments = _moments(trace.session)
        self._session: Session = read_session(clean.clean(connection).connection, keep_content=True)
        self._directions = directions(connection, self._session)
        self._fields = fields_of(connection)

    def steps(self) -> Iterator[Step]:
        yield greeting_of(self._session, self._directions)
        for at, exchange in enumerate(self._session.exchanges):
            if exchange.command is not None:
                yield self._step(at, exchange)

    def _step(self, at: int, exchange: Exchange) -> Step:
        command = exchange.command
        assert command is not None
        login = self._login(at, exchange) if isinstance(exchange, AuthExchange) else None
        content, absent, repeats = self._content(exchange)
        moment = self._moment(exchange)
        return Step(
            Act.AUTH if login else act_of(command),
            command.verb or "*",
            b"" if login else command.line,
            login is None and command.exactness is Exactness.MASKED,
            said(exchange.reply, moment.latency_ns),
            said(exchange.intermediate) if isinstance(exchange, DataExchange) else None,
            self._directions.expects.get(at),
            login,
            content,
            absent,
            repeats,
            "" if login else _why_not(command),
            command.span.frame,
            tuple(filter(None, map(said, exchange.replies))) if self._session.lmtp else (),
            together=moment.together,
            pause_ns=moment.pause_ns,
            captures=self._directions.captures.get(at, ()),
            fields=self._fields,
        )

    def _login(self, at: int, exchange: AuthExchange) -> LoginAs | None:
        return login_as(exchange, self._credential(exchange), self._directions.logins.get(at, ""))

    def _moment(self, exchange: Exchange) -> _Moment:
        """The first of those that are left under its key, for a packet may hold several commands of a kind."""
        waiting = self._moments.get(_key(exchange))
        return waiting.popleft() if waiting else _Moment()

    def _credential(self, exchange: AuthExchange) -> Credential | None:
        """The login that stands in the same packet or line, each once."""
        frame = exchange.command.span.frame if exchange.command else None
        for at, each in enumerate(self._credentials):
            if each.span and each.span.frame == frame:
                return self._credentials.pop(at)
        return None

    def _content(self, exchange: Exchange) -> tuple[bytes | None, bool, bool]:
        """Content, whether it is absent, and whether a secret was masked in it."""
        content = exchange.content if isinstance(exchange, DataExchange) else None
        if content is None:
            return None, False, False
        if content.data is None or not content.complete or content.data == _ABSENT:
            return None, True, False
        return content.data, False, content.data not in self._contents


def _why_not(command: Command) -> str:
    """Why a command is not played, "" where it is; a bare CR would end the line for some servers."""
    if command.verb not in _ACTS:
        return "not a command that is replayed as it was meant"
    return "controls stand in the line" if _CONTROLS.search(command.line) else ""


def act_of(command: Command) -> Act:
    """What the command does."""
    return _ACTS.get(command.verb or "", Act.OTHER)


def greeting_of(session: Session, directions: Directions) -> Step:
    """The step in which the server speaks first."""
    expect, captures = directions.expects.get(-1), directions.captures.get(-1, ())
    return Step(Act.GREETING, "", recorded=said(session.greeting), expect=expect, captures=captures)


def login_as(exchange: AuthExchange, credential: Credential | None, who: str = "") -> LoginAs | None:
    """How the exchange logs in, None where it names no mechanism; `who` stands in the place of the user sent."""
    if not _MECHANISM.fullmatch(exchange.mechanism):
        return None
    responses = [each.response for each in exchange.rounds if each.response is not None]
    responses += [] if exchange.initial is None else [exchange.initial]
    known = credential and credential.exposure in (Exposure.CLEAR, Exposure.BEARER)
    variables = (name for each in responses for name in names_in(each) if name.startswith(ENVIRONMENT))
    return LoginAs(
        exchange.mechanism,
        who or (credential and credential.authcid) or "",
        "" if who else (credential and credential.domain) or "",
        "" if who else (credential and credential.authzid) or "",
        exchange.initial is not None,
        len(responses) - 1 if exchange.cancelled else None,
        credential.secret if credential and known else None,
        next(variables, "").removeprefix(ENVIRONMENT),
    )


def fields_of(connection: Connection) -> frozenset[bytes]:
    """The lines of the client in which a placeholder stands, as a script has them, without line end and stuffed dot."""
    if connection.origin.format != "dialogue":
        return frozenset()
    masked = (e.data for e in connection.events if isinstance(e, Octets) and e.exactness is Exactness.MASKED)
    return frozenset(without_line_end(line).removeprefix(b".") for line in masked if any(names_in(line)))


@dataclass(frozen=True, slots=True)
class _Moment:
    """When an exchange took place."""

    latency_ns: int | None = None
    together: bool = False
    pause_ns: int = 0


def _moments(session: Session) -> dict[_Key, deque[_Moment]]:
    """Those of the exchanges under each key, in the order sent."""
    found: dict[_Key, deque[_Moment]] = {}
    timeline = Timeline(session.connection)
    last = session.greeting
    for each in session.exchanges:
        if each.command is not None:
            start = each.command.span.start
            together = last is not None and timeline.sent(start) < timeline.come(last.span.stop)
            moment = _Moment(each.latency_ns, together, timeline.pause_ns(start))
            found.setdefault(_key(each), deque()).append(moment)
        last = each.reply or last
    return found


def said(reply: Reply | None, latency_ns: int | None = None) -> Said | None:
    """The reply of a session, None where there is none."""
    return None if reply is None else Said(reply.code, tuple(reply.lines), latency_ns)


def _key(exchange: Exchange) -> _Key:
    """What an exchange is found by again after cleaning."""
    command, reply = exchange.command, exchange.reply
    return (command.span.frame if command else None, command.verb if command else None, reply.code if reply else 0)


def secrets_of(trace: Trace) -> frozenset[bytes]:
    """The forms of all secrets of a trace that are long enough to be searched for."""
    return frozenset(masks.secret_forms(trace.credentials))
