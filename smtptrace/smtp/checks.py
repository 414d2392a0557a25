"""What is odd about one exchange: its octets, its order, and the reply it got."""

from __future__ import annotations

import re

from smtptrace import grammar
from smtptrace.smtp.evidence import earlier, fits
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.records import Command, Exchange, Reply
from smtptrace.smtp.typing import TELNET, as_meant, is_edited
from smtptrace.wire import Span

_ODD_OCTET = re.compile(rb"[^\t\x20-\x7e]")
_HTTP = re.compile(rb"[A-Z]{3,10} \S{1,4096} HTTP/1\.[01]")
_LOGIN = re.compile(rb"[A-Za-z-]{4,8}[ =][A-Za-z0-9_\x08\x7f-]{1,24}(?=[ \r]|$)")
_LONG, _LONG_AUTH = 2048, 12_288
"""Octets of a command line that no extension needs, and of one of AUTH (RFC 5321, 4.5.3.1.4; RFC 4954, 4)."""
_SHOWN = 120
_LOGINS = frozenset({"AUTH", "X-EXPS"})


def is_usual(command: Command, reply: Reply | None, before: Span | None) -> bool:
    """Whether there is nothing to check: a plain command that came behind the last reply and got a fitting one."""
    return (
        command.plain
        and reply is not None
        and (before is None or not earlier(command.span, before))
        and (fits(command.verb, reply.code) or command.verb == "DATA")
    )


def check_exchange(
    exchange: Exchange, command: Command, before: Span | None, offered: tuple[str, ...], oddities: Oddities
) -> None:
    """Tell what is odd about an exchange.

    Args:
        exchange: it, with its `command`.
        before: where the reply to the exchange before it stands.
        offered: the server's extensions.
        oddities: where it is told.
    """
    raw, reply, verb = command.raw, exchange.reply, command.verb
    if not raw.endswith(b"\r\n") or len(raw) > _LONG or _ODD_OCTET.search(raw, 0, len(raw) - 2):
        _octets(exchange, command, offered, oddities)
    elif verb not in grammar.VERBS and _HTTP.match(raw):
        oddities.tell("http-request", shown(command, raw), command.span)
    if before is not None and earlier(command.span, before):
        _early(command, offered, oddities)
    if reply is not None and reply.code < 400 and verb != "DATA" and not fits(verb, reply.code):
        oddities.tell("unexpected-reply", f"{verb or 'no verb'} was answered by {reply.code}", reply.span)


def _early(command: Command, offered: tuple[str, ...], oddities: Oddities) -> None:
    """A command that did not wait for the reply to the one before it (RFC 2920)."""
    if not any(word.upper() == "PIPELINING" for word in offered):
        told = f"{command.verb or 'a command'} was sent before the reply to the command before it"
        oddities.once("pipelining-not-offered", told, command.span)


def _octets(exchange: Exchange, command: Command, offered: tuple[str, ...], oddities: Oddities) -> None:
    """A line with octets or an end that a command line should not have."""
    raw = command.raw
    if is_edited(raw):
        _typed(exchange, command, oddities)
        return
    line = command.line
    odd = {
        "bare-lf": raw.endswith(b"\n") and not raw.endswith(b"\r\n"),
        "bare-cr": b"\r" in line,
        "nul": b"\0" in line,
        "8-bit-command": not line.isascii() and "SMTPUTF8" not in offered,
        "over-long-line": len(raw) > (_LONG_AUTH if command.verb in _LOGINS else _LONG),
    }
    for kind in (kind for kind, is_odd in odd.items() if is_odd):
        oddities.tell(kind, shown(command, raw), command.span)


def _typed(exchange: Exchange, command: Command, oddities: Oddities) -> None:
    """A line with editing keys or telnet's octets: as the server saw it, as it was meant, and the reply."""
    raw = command.raw
    reply = exchange.reply
    kinds = {
        "telnet-negotiation": bool(TELNET.search(raw)),
        "backspace": b"\x08" in raw or b"\x7f" in raw,
        "cursor-keys": b"\x1b" in raw,
        "line-kill": b"\x15" in raw or b"\x17" in raw,
        "cr-nul-line-end": b"\r\0" in raw,
    }
    answer = reply.lines[0].decode("utf-8", "replace") if reply else "no reply"
    told = f"sent {shown(command, raw)}, meant {shown(command, as_meant(raw))}, answered {answer}"
    for kind in (kind for kind, is_odd in kinds.items() if is_odd):
        oddities.tell(kind, told, command.span)


def shown(command: Command, raw: bytes) -> str:
    """A line for display, escaped and bounded; credentials, and what might be some, are left out."""
    line = grammar.without_line_end(raw)
    verb = grammar.verb_of(line)
    if command.verb in _LOGINS or verb in _LOGINS:
        login = _LOGIN.match(line)
        line = line[: login.end() if login else 4] + (b" ****" if login is None or login.end() < len(line) else b"")
    elif line and verb is None and grammar.is_base64(as_meant(line)):
        line = b"****"
    return repr(line[:_SHOWN])[1:] + ("..." if len(line) > _SHOWN else "")
