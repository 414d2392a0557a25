"""Session -> steps: what is sent, what was answered, and what is expected now."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace import clean, grammar, masks
from smtptrace.auth import Credential, Exposure, read_credentials
from smtptrace.errors import UsageError
from smtptrace.replay.expect import Expect, expectations
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange, Command, DataExchange, Exchange, Reply, Session, read_session
from smtptrace.trace import Trace
from smtptrace.wire import Endpoint, Exactness


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
    """

    mechanism: str
    user: str = ""
    domain: str = ""
    authzid: str = ""
    initial: bool = False
    cancelled_after: int | None = None
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One command with what belongs to it; the greeting is a step without a command, DATA has an intermediate reply.

    `line` is without its line end; where `open` is set, a placeholder or mask in it stands for what is not known.
    `content` is the message (the chunk, for BDAT) as the server took it, None where none was sent; `absent` tells
    that one was sent and is not here, `repeats` that a secret of the trace stood in it and was masked. `why_not` is
    a reason not to send the step at all. `replies` are those to the content, where there is one for each recipient
    (LMTP); `recorded` is the last of them.
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
        UsageError: an expectation cannot be read, or there is nothing in the session that could be played.
    """
    tls = trace.session.tls
    if tls is not None and tls.implicit and not tls.opened:
        raise UsageError(f"session {name}: it is encrypted from its first octet; --keylog opens it")
    steps = tuple(_Reader(trace).steps())
    kind = "none" if tls is None else "implicit" if tls.implicit else "starttls"
    unread = "what follows STARTTLS is encrypted in the recording" if tls and not tls.opened else ""
    if not any(step.verb for step in steps):
        raise UsageError(f"session {name}: it holds no command to play")
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
        self._latencies = {_key(each): each.latency_ns for each in trace.session.exchanges}
        self._session: Session = read_session(clean.clean(connection).connection, keep_content=True)
        self._expected = expectations(connection, self._session)

    def steps(self) -> Iterator[Step]:
        greeting = self._session.greeting
        yield Step(Act.GREETING, "", recorded=_said(greeting, None), expect=self._expected.get(-1))
        for at, exchange in enumerate(self._session.exchanges):
            if exchange.command is not None:
                yield self._step(at, exchange)

    def _step(self, at: int, exchange: Exchange) -> Step:
        command = exchange.command
        assert command is not None
        login = self._login(exchange) if isinstance(exchange, AuthExchange) else None
        act = Act.AUTH if login else _ACTS.get(command.verb or "", Act.OTHER)
        content, absent, repeats = self._content(exchange)
        return Step(
            act,
            command.verb or "*",
            b"" if login else command.line,
            login is None and command.exactness is Exactness.MASKED,
            _said(exchange.reply, self._latencies.get(_key(exchange))),
            _said(exchange.intermediate, None) if isinstance(exchange, DataExchange) else None,
            self._expected.get(at),
            login,
            content,
            absent,
            repeats,
            "" if login else _why_not(command),
            command.span.frame,
            tuple(filter(None, (_said(each, None) for each in exchange.replies))) if self._session.lmtp else (),
        )

    def _login(self, exchange: AuthExchange) -> LoginAs | None:
        if not _MECHANISM.fullmatch(exchange.mechanism):
            return None
        sent = sum(each.response is not None for each in exchange.rounds) + (exchange.initial is not None)
        credential = self._credential(exchange)
        secret = credential.secret if credential and credential.exposure in (Exposure.CLEAR, Exposure.BEARER) else None
        return LoginAs(
            exchange.mechanism,
            (credential and credential.authcid) or "",
            (credential and credential.domain) or "",
            (credential and credential.authzid) or "",
            exchange.initial is not None,
            sent - 1 if exchange.cancelled else None,
            secret,
        )

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


def _said(reply: Reply | None, latency_ns: int | None) -> Said | None:
    return None if reply is None else Said(reply.code, tuple(reply.lines), latency_ns)


def _key(exchange: Exchange) -> tuple[int | None, str | None, int]:
    """What an exchange is found by again after cleaning."""
    command, reply = exchange.command, exchange.reply
    return (command.span.frame if command else None, command.verb if command else None, reply.code if reply else 0)


def secrets_of(trace: Trace) -> frozenset[bytes]:
    """The forms of all secrets of a trace that are long enough to be searched for."""
    return frozenset(masks.secret_forms(trace.credentials))
