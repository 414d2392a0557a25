"""One AUTH exchange as its mechanism sees it: who said which octets, step by step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from smtptrace import grammar
from smtptrace.auth import _base64, _kinds, _mistakes, _text
from smtptrace.smtp import AuthExchange, Exchange, Reply, Round
from smtptrace.wire import Side, Span

MOST_TURNS = 64
"""Steps of one exchange that are decoded; no mechanism has more than five."""

_WRAPPED = frozenset((60, 64, 70, 72, 75, 76, 77, 78, 80))
_NAME = re.compile(r"[A-Z0-9_-]{1,40}")
_PROMPT_SHOWN = re.compile(rb"(?:user ?name|pass ?word)[:\0]?", re.IGNORECASE)


@dataclass(slots=True)
class Message:
    """One side's line: `text` without reply code and line end, `octets` what it decodes to (None if nothing)."""

    text: bytes
    octets: bytes | None
    problems: tuple[str, ...] = ()
    span: Span | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the source shows a mark in the place of the line."""
        return "masked-by-source" in self.problems

    @property
    def says_something(self) -> bool:
        """Whether a reader learns anything: neither empty nor hidden."""
        return not self.is_hidden and self.octets != b""


@dataclass(slots=True)
class Turn:
    """A challenge and the response to it; an initial response has no challenge, a last challenge no response."""

    challenge: Message | None
    response: Message | None


@dataclass(slots=True)
class Talk:
    """An AUTH exchange with its lines decoded.

    `turns` begin with the initial response where there was one (`has_initial`). `strays` are lines that the client
    sent after the server had ended the exchange. `time_ns` is when the command was sent, None where unknown.
    """

    mechanism: str
    turns: tuple[Turn, ...]
    verb: str = "AUTH"
    reply: Reply | None = None
    cancelled: bool = False
    time_ns: int | None = None
    strays: tuple[Message, ...] = ()
    has_initial: bool = False

    @property
    def responses(self) -> tuple[Message, ...]:
        """What the client said, in order."""
        return tuple(turn.response for turn in self.turns if turn.response is not None)

    @property
    def challenges(self) -> tuple[Message, ...]:
        """What the server said before its final reply, in order."""
        return tuple(turn.challenge for turn in self.turns if turn.challenge is not None)

    @property
    def accepted(self) -> bool:
        """Whether the server's last word was yes."""
        return self.reply is not None and 200 <= self.reply.code < 300


def talk_of(exchange: AuthExchange, strays: Sequence[Exchange] = ()) -> Talk:
    """The exchange decoded; `strays` are the exchanges after it that belong to it.

    Where the source shows the steps decoded (`334 Username:` and the name in clear, as swaks does), the lines are
    taken as they stand.
    """
    shown = any(_PROMPT_SHOWN.fullmatch(_reply_text(each.challenge)) for each in exchange.rounds[:2] if each.challenge)
    name = exchange.mechanism.upper().removeprefix("=")
    is_name = bool(_NAME.fullmatch(name))
    initial = _initial(exchange, shown) if is_name else _nameless(exchange)
    turns = [] if initial is None else [Turn(None, initial)]
    turns += [_turn(each, shown) for each in exchange.rounds[:MOST_TURNS]]
    stray = tuple(
        Message(line, *_fields(line, shown), each.command.span) for each, line in _stray_lines(strays) if each.command
    )
    turns, stray = _unwrapped(turns, stray)
    return Talk(
        mechanism=name if is_name else "",
        turns=tuple(turns),
        verb=(exchange.command and exchange.command.verb) or "AUTH",
        reply=exchange.reply,
        cancelled=exchange.cancelled,
        time_ns=exchange.command.span.time_ns if exchange.command else None,
        strays=stray,
        has_initial=initial is not None,
    )


def _span_of(exchange: AuthExchange, text: bytes) -> Span | None:
    """Where an argument stands in the command line."""
    if exchange.command is None:
        return None
    raw, span = exchange.command.raw, exchange.command.span
    at = raw.rfind(text)
    return span if at < 0 else Span(Side.CLIENT, span.start + at, span.start + at + len(text), span.time_ns, span.frame)


def _stray_lines(strays: Sequence[Exchange]) -> list[tuple[Exchange, bytes]]:
    return [(each, each.command.line) for each in strays[:MOST_TURNS] if each.command]


def _nameless(exchange: AuthExchange) -> Message | None:
    """What stands in the place of the mechanism's name, which it is not."""
    text = exchange.command.argument.strip() if exchange.command else b""
    if not text:
        return None
    octets, problems = _fields(text, False)
    return Message(text, octets, ("mechanism-missing", *problems), _span_of(exchange, text))


def _initial(exchange: AuthExchange, shown: bool) -> Message | None:
    text = exchange.initial
    if text is None:
        return None
    return Message(text, *_fields(text, shown), _span_of(exchange, text))


def _turn(each: Round, shown: bool) -> Turn:
    return Turn(_challenge(each.challenge, shown), _response(each, shown))


def _challenge(reply: Reply | None, shown: bool) -> Message | None:
    if reply is None:
        return None
    text = _reply_text(reply)
    return Message(text, *_fields(text, shown), reply.span)


def _response(each: Round, shown: bool) -> Message | None:
    if each.response is None or each.response == b"*":
        return None
    line = grammar.without_line_end(each.response)
    return Message(line, *_fields(line, shown), each.response_span)


def _reply_text(reply: Reply) -> bytes:
    """The challenge: the text of the last line, since only a broken server sends several."""
    return reply.lines[-1][4:].strip(b" \t") if reply.lines else b""


def _fields(text: bytes, shown: bool) -> tuple[bytes | None, tuple[str, ...]]:
    decoded = _base64.decode(text)
    if shown and decoded.problems != ("masked-by-source",) and not _is_text(decoded):
        return text, ()
    inner = _mistakes.decoded_twice(decoded.octets) if decoded.octets else None
    if inner is not None and _kinds.kind_of(inner):
        return inner, (*decoded.problems, "double-base64")
    return decoded.octets, decoded.problems


def _is_text(decoded: _base64.Decoded) -> bool:
    """Whether a line is base64 after all, as where a server does not encode its prompts."""
    return decoded.octets is not None and not decoded.problems and _text.is_printable(decoded.octets)


def _unwrapped(turns: list[Turn], strays: tuple[Message, ...]) -> tuple[list[Turn], tuple[Message, ...]]:
    """The last response joined with the stray lines, where an encoder broke the line (RFC 4954, 4 forbids it)."""
    last = turns[-1].response if turns else None
    if last is None or len(last.text) not in _WRAPPED or not strays:
        return turns, strays
    joined = _base64.decode(b"".join((last.text, *(stray.text for stray in strays))))
    if joined.octets is None:
        return turns, strays
    whole = Message(last.text, joined.octets, ("wrapped-line", *joined.problems), last.span)
    return [*turns[:-1], Turn(turns[-1].challenge, whole)], strays
