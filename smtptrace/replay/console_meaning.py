"""What a reply means, by the standards and by the same diagnosis that recordings get; what was said in a login."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smtptrace import redact
from smtptrace.auth import Credential
from smtptrace.diagnosis import Cause, code_meaning
from smtptrace.replay.console_offer import extension_meaning
from smtptrace.replay.console_shown import Kind, Shown
from smtptrace.replay.script import Said
from smtptrace.secret import Masked
from smtptrace.smtp import AuthExchange, Reply, Session, read_session
from smtptrace.smtp.queue_id import queue_id
from smtptrace.trace import Trace, trace_session
from smtptrace.wire import Connection, Side

MOST_CAUSES = 3
_LIKELY = 0.4
"""A cause that is less likely than this is named only if it is the likeliest."""

_PLAIN = (220, 250)
"""Codes that say no more than everybody knows."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A login so far: what was said last, as it may be shown, and what the last octets of both sides mean."""

    response: bytes = b""
    meaning: str = ""
    challenge: str = ""


def reply_lines(said: Said, verb: str, challenge: str = "") -> Iterator[Shown]:
    """A reply line by line, with what is known of it beside its lines.

    Args:
        said: the reply.
        verb: what it answers.
        challenge: what a challenge of AUTH says, decoded.
    """
    offers = verb == "EHLO" and said.code == 250
    last = len(said.lines) - 1
    for at, line in enumerate(said.lines):
        meaning = extension_meaning(line) if offers and at else ""
        if at == last and not meaning and said.code < 400:
            meaning = challenge or _good(said, verb)
        yield Shown(Kind.REPLY, line, meaning, said.code)


def _good(said: Said, verb: str) -> str:
    """What a reply that refuses nothing means, "" where it needs no words."""
    if verb == "CONTENT":
        taken = queue_id(said.texts)
        return "the server has taken the message" + (f" as {taken}" if taken else "")
    found = code_meaning(f"{said.code}") if verb and said.code not in _PLAIN else None
    return found[0] if found else ""


def refusal_lines(said: Said, causes: Sequence[Cause]) -> Iterator[Shown]:
    """What a 4yz or 5yz reply means: its codes, then the likeliest causes with what mends them."""
    for code in filter(None, (f"{said.code}", said.enhanced)):
        found = code_meaning(code)
        if found:
            yield Shown(Kind.MEANING, f"{code}: {found[0]} ({found[1]})")
    for at, cause in enumerate(causes[:MOST_CAUSES]):
        if not at or cause.confidence >= _LIKELY:
            yield from cause_lines(cause)


def cause_lines(cause: Cause) -> Iterator[Shown]:
    """A cause with its confidence, and the fix."""
    yield Shown(Kind.MEANING, f"{cause.confidence:.0%} {cause.slug}: {cause.summary}")
    if cause.fix:
        yield Shown(Kind.MEANING, f"     fix: {cause.fix}")


def causes_of_last(connection: Connection) -> tuple[Cause, ...]:
    """The causes that the last thing said speaks for, the likeliest first; secrets in them are masked."""
    trace = _trace(connection)
    starts = _last_starts(trace.session)
    return tuple(cause for cause in trace.causes if cause.slug != "unknown" and _rests_on(cause, starts))


def causes_of(connection: Connection) -> tuple[Cause, ...]:
    """The causes of all that went wrong, secrets masked."""
    return tuple(_trace(connection).causes)


def _trace(connection: Connection) -> Trace:
    return redact.mask(trace_session(read_session(connection)))


def _last_starts(session: Session) -> dict[Side, int]:
    """Where the last command and the last reply begin."""
    last = session.exchanges[-1] if session.exchanges else None
    reply: Reply | None = (last.reply or last.replies[-1] if last.replies else last.reply) if last else session.greeting
    starts = {Side.SERVER: reply.span.start if reply else 0}
    if last and last.command:
        starts[Side.CLIENT] = last.command.span.start
    return starts


def _rests_on(cause: Cause, starts: dict[Side, int]) -> bool:
    spans = (each.span for each in cause.evidence if each.span)
    return any(span.side in starts and span.start >= starts[span.side] for span in spans)


def login_so_far(connection: Connection) -> Heard:
    """What was said last in the login that goes on, decoded, its secrets masked."""
    trace = _trace(connection)
    if not trace.session.authentications or not trace.credentials:
        return Heard()
    return _heard(trace.session.authentications[-1], trace.credentials[-1])


def _heard(exchange: AuthExchange, credential: Credential) -> Heard:
    meanings = list(credential.rounds)
    if not exchange.rounds:
        line = exchange.command.line if exchange.command else b""
        first = meanings[0].response if meanings and exchange.initial is not None else None
        return Heard(line, _text(first))
    meaning = meanings[-1] if meanings else None
    response, challenge = exchange.rounds[-1].response or b"", _text(meaning.challenge if meaning else None)
    return Heard(response, _text(meaning.response if meaning else None), challenge)


def _text(parts: Masked | None) -> str:
    return "" if parts is None else "".join(map(str, parts))
