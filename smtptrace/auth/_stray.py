"""Lines with secrets that stand outside their AUTH exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from smtptrace import grammar
from smtptrace.auth import _base64, _kinds, _text
from smtptrace.smtp import AuthExchange, Exchange, Reply, Session
from smtptrace.wire import Span

_MOST = 16
_VERB_LIKE = re.compile(rb"[A-Z]{1,8}|.*[<>].*|\*?", re.DOTALL)
_WORD = re.compile(rb"(?<![^ \t:=])[A-Za-z0-9+/]{6,}={0,2}(?![^ \t])")
_SHORTEST = 6
_SHORTEST_LONE = 8
_SAMPLE = 12


def strays_after(session: Session) -> dict[int, tuple[Exchange, ...]]:
    """For each AuthExchange (by `id`) the lines after it that no command explains, up to the next command.

    After a refusal many clients go on with the rest of their base64 lines, the password among them.
    """
    found: dict[int, list[Exchange]] = {}
    current: list[Exchange] | None = None
    for exchange in session.exchanges:
        if isinstance(exchange, AuthExchange):
            current = found.setdefault(id(exchange), [])
        elif current is not None and len(current) < _MOST and is_stray(exchange):
            current.append(exchange)
        elif exchange.command is not None:
            current = None
    return {key: tuple(strays) for key, strays in found.items() if strays}


def is_stray(exchange: Exchange) -> bool:
    """Whether the command line is one word that is no verb and no misspelt one."""
    if exchange.command is None or exchange.command.verb in grammar.VERBS:
        return False
    line = exchange.command.line.strip()
    return not re.search(rb"\s", line) and not _VERB_LIKE.fullmatch(line)


def stray_spans(session: Session) -> tuple[Span, ...]:
    """What is base64 of something although no AUTH is open: its beginning was not captured, or its verb is misspelt.

    Of a line of one word the whole line, else the words.
    """
    verbs = grammar.VERBS
    odd = (each for each in session.exchanges if each.command is not None and each.command.verb not in verbs)
    return tuple(span for each in odd for span in _spans(each))


def _spans(exchange: Exchange) -> Iterator[Span]:
    command = exchange.command
    assert command is not None
    if is_stray(exchange) and _says_something(command.line.strip()):
        yield command.span
        return
    for found in _WORD.finditer(command.line):
        if found.start() and _says_something(found.group()):
            start = command.span.start
            yield replace(command.span, start=start + found.start(), stop=start + found.end())


def _says_something(word: bytes) -> bool:
    octets = (_base64.decode(word).octets or b"") if len(word) >= _SHORTEST_LONE else b""
    return bool(octets) and (_text.is_printable(octets.replace(b"\0", b"")) or _kinds.kind_of(octets) is not None)


def echoes(replies: Sequence[Reply | None], secrets: Sequence[bytes]) -> Iterator[Span]:
    """Where replies repeat what the client said: Sendmail quotes the parameter that it cannot decode.

    What is short stands in many a reply by chance and is left to the search for the secret itself.
    """
    samples = {secret[:_SAMPLE] for secret in secrets if len(secret) >= _SHORTEST}
    for reply in replies:
        if reply is not None and any(sample in line for sample in samples for line in reply.lines):
            yield reply.span
