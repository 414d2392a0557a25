"""A session as the lines that were said, in the order of their times."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.auth import Credential
from smtptrace.secret import Masked
from smtptrace.smtp import AuthExchange, Content, DataExchange, Exchange, Reply, Session
from smtptrace.trace import Trace
from smtptrace.wire import Close, Secured, Side, Span


class Kind(enum.Enum):
    """What a line is."""

    COMMAND = "command"
    REPLY = "reply"
    RESPONSE = "response"
    CHALLENGE = "challenge"
    CONTENT = "content"
    ANOMALY = "anomaly"
    GAP = "gap"
    TLS = "tls"
    NOTE = "note"
    CLOSE = "close"


@dataclass(slots=True)
class Line:
    """One line of a dialogue: who said it (None for a remark of ours), the octets, and what they mean."""

    kind: Kind
    side: Side | None
    text: bytes | str
    time_ns: int | None = None
    frame: int | None = None
    meaning: str | None = None
    code: int | None = None


def lines_of(trace: Trace) -> list[Line]:
    """All lines of a trace; by time where every line has one, else in the order of the exchanges."""
    session = trace.session
    said = [*_reply_lines(session.greeting, Kind.REPLY)]
    decoded = {
        id(auth): credential for auth, credential in zip(session.authentications, trace.credentials, strict=False)
    }
    for exchange in session.exchanges:
        said.extend(_exchange_lines(exchange, decoded.get(id(exchange))))
    said.extend(_remarks(session))
    if all(line.time_ns is not None for line in said):
        said.sort(key=lambda line: (line.time_ns or 0, line.frame or 0))
    elif all(line.frame is not None for line in said):
        said.sort(key=lambda line: line.frame or 0)
    return said


def _exchange_lines(exchange: Exchange, credential: Credential | None) -> Iterator[Line]:
    command = exchange.command
    if isinstance(exchange, AuthExchange):
        yield from _auth_lines(exchange, credential)
        return
    if command is not None:
        yield _at(Kind.COMMAND, command.span, command.line)
    if isinstance(exchange, DataExchange):
        yield from _reply_lines(exchange.intermediate, Kind.REPLY)
        yield from _content_lines(exchange.content)
    for reply in exchange.replies or ((exchange.reply,) if exchange.reply else ()):
        yield from _reply_lines(reply, Kind.REPLY)


def _auth_lines(exchange: AuthExchange, credential: Credential | None) -> Iterator[Line]:
    meanings = list(credential.rounds) if credential else []
    if exchange.command is not None:
        first = meanings.pop(0) if meanings and exchange.initial is not None else None
        yield _at(Kind.COMMAND, exchange.command.span, exchange.command.line, _plain(first.response if first else None))
    for at, each in enumerate(exchange.rounds):
        meaning = meanings[at] if at < len(meanings) else None
        yield from _reply_lines(each.challenge, Kind.CHALLENGE, _plain(meaning.challenge if meaning else None))
        if each.response is not None:
            span = each.response_span or Span(Side.CLIENT, 0, 0)
            yield _at(Kind.RESPONSE, span, each.response, _plain(meaning.response if meaning else None))
    yield from _reply_lines(exchange.reply, Kind.REPLY)


def _plain(parts: Masked | None) -> str | None:
    return None if parts is None else "".join(map(str, parts))


def _at(kind: Kind, span: Span, text: bytes | str, meaning: str | None = None, code: int | None = None) -> Line:
    return Line(kind, span.side, text, span.time_ns, span.frame, meaning, code)


def _reply_lines(reply: Reply | None, kind: Kind, meaning: str | None = None) -> Iterator[Line]:
    for at, text in enumerate(reply.lines if reply else ()):
        assert reply is not None
        yield _at(kind, reply.span, text, meaning if at == 0 else None, reply.code)


def _content_lines(content: Content | None) -> Iterator[Line]:
    if content is None:
        return
    span = content.span or Span(Side.CLIENT, 0, 0)
    yield _at(Kind.CONTENT, span, content.data if content.data is not None else content.head, _content_summary(content))


def _content_summary(content: Content) -> str:
    if content.complete:
        return f"message of {content.seen:,} octets, sha256 {content.sha256}"
    missing = (
        f"{content.missing:,} known to be missing"
        if content.missing
        else "its end or a part of unknown size is missing"
    )
    return f"message incomplete: {content.seen:,} octets are here, {missing}"


def _remarks(session: Session) -> Iterator[Line]:
    for anomaly in session.anomalies:
        span = anomaly.span
        place = (span.time_ns, span.frame) if span else (session.start_ns, session.connection.number)
        yield Line(Kind.ANOMALY, None, f"{anomaly.kind}: {anomaly.detail}", *place)
    for _, gap in session.gaps:
        size = "octets of unknown number" if gap.size is None else f"{gap.size:,} octets"
        yield Line(
            Kind.GAP,
            gap.side,
            f"{size} of the {gap.side.name.lower()} are missing ({gap.reason.value})",
            gap.time_ns,
            gap.frame,
        )
    for note in session.notes:
        yield Line(Kind.NOTE, None, note.text, note.time_ns, note.frame)
    if session.tls is not None:
        yield Line(Kind.TLS, None, _tls(session.tls), session.tls.time_ns, session.tls.frame)
    for close in session.closes:
        yield _closing(close)


def _closing(close: Close) -> Line:
    words = {"fin": "closes its side", "rst": "resets the connection", "end-of-capture": "is not seen to close"}
    return Line(Kind.CLOSE, None, f"the {close.side.name.lower()} {words[close.how.value]}", close.time_ns, close.frame)


def _tls(secured: Secured) -> str:
    facts = [
        "TLS begins" + ("" if secured.opened else ", not opened: what follows cannot be read without the keys"),
        secured.version,
        secured.cipher,
        secured.sni and f"for {secured.sni}",
        secured.certificate and f"certificate of {secured.certificate.subject}",
        secured.alert and f"alert by the {secured.alert[0].name.lower()}: {secured.alert[1]}",
    ]
    return ", ".join(fact for fact in facts if fact)
