"""Session -> steps: what is sent, what was answered, and what is expected now."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from smtptrace import clean, masks
from smtptrace.auth import Credential, Exposure, read_credentials
from smtptrace.grammar import without_line_end
from smtptrace.replay.expect import Directions, directions
from smtptrace.replay.step import Act, LoginAs, NotPlayableError, Said, Script, Seen, Step
from smtptrace.replay.timing import Timeline
from smtptrace.replay.values import ENVIRONMENT, names_in
from smtptrace.smtp import AuthExchange, Command, DataExchange, Exchange, Reply, Session, read_session
from smtptrace.trace import Trace
from smtptrace.wire import Connection, Exactness, Octets

__all__ = ["Act", "LoginAs", "NotPlayableError", "Said", "Script", "Seen", "Step", "script_of", "secrets_of"]

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
ABSENT = b"${MESSAGE}\r\n"
"""What `clean` writes for a message that its source does not hold."""
_Key = tuple[int | None, str | None, int]


def script_of(trace: Trace, name: str) -> Script:
    """The steps of a session as it was meant; the trace must hold the events of its connection and no masks.

    Raises:
        NotPlayableError: there is nothing in the session that could be played.
        UsageError: an expectation cannot be read.
    """
    return framed(trace, name, lambda: _Reader(trace).steps())


def framed(trace: Trace, name: str, read: Callable[[], Iterable[Step]]) -> Script:
    """The steps that `read` gives, and what is known of the session as a whole.

    Raises:
        NotPlayableError: there is nothing in the session that could be played.
    """
    tls = trace.session.tls
    if tls is not None and tls.implicit and not tls.opened:
        raise NotPlayableError(f"session {name}: it is encrypted from its first octet; --keylog opens it")
    steps = tuple(read())
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
            fields=fields_in(content, self._fields),
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
        if content.data is None or not content.complete or content.data == ABSENT:
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


def fields_in(content: bytes | None, fields: frozenset[bytes]) -> frozenset[bytes]:
    """Those of the lines that stand in a message."""
    return fields & {line.rstrip(b"\r") for line in content.split(b"\n")} if content and fields else frozenset()


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
