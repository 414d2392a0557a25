"""What is odd about one exchange: its octets, its order, and the reply it got."""

from __future__ import annotations

import re

from smtptrace import grammar
from smtptrace.smtp.evidence import earlier, fits
from smtptrace.smtp.oddities import Oddities
from smtptrace.smtp.records import Command, Exchange, Reply
from smtptrace.smtp.typing import TELNET, as_meant, is_edited

_ODD_OCTET = re.compile(rb"[^\t\x20-\x7e]")
_HTTP = re.compile(rb"[A-Z]{3,10} \S{1,4096} HTTP/1\.[01]")
_LONG, _LONG_AUTH = 2048, 12_288
"""Octets of a command line that no extension needs, and of one of AUTH (RFC 5321, 4.5.3.1.4; RFC 4954, 4)."""
_SHOWN = 120
_LOGINS = frozenset({"AUTH", "X-EXPS"})


def check_command(exchange: Exchange, oddities: Oddities, *, utf8: bool) -> None:
    """Tell what is odd about the command line; `utf8` where the server offers SMTPUTF8."""
    command = exchange.command
    assert command is not None
    raw = command.raw
    if raw.endswith(b"\r\n") and len(raw) <= _LONG and not _ODD_OCTET.search(raw, 0, len(raw) - 2):
        if command.verb not in grammar.VERBS and _HTTP.match(raw):
            oddities.tell("http-request", shown(command, raw), command.span)
        return
    if is_edited(raw):
        _typed(exchange, command, oddities)
        return
    line = command.line
    odd = {
        "bare-lf": raw.endswith(b"\n") and not raw.endswith(b"\r\n"),
        "bare-cr": b"\r" in line,
        "nul": b"\0" in line,
        "8-bit-command": not line.isascii() and not utf8,
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
        line = b" ".join([*line.split(b" ", 2)[:2], b"****"]) if line.count(b" ") > 1 else line
    elif verb is None and grammar.is_base64(as_meant(line)):
        line = b"****"
    return repr(line[:_SHOWN])[1:] + ("..." if len(line) > _SHOWN else "")


def check_reply(exchange: Exchange, oddities: Oddities) -> None:
    """Tell of a reply that the verb is never answered with."""
    command, reply = exchange.command, exchange.reply
    if command is None or reply is None or reply.code >= 400 or command.verb == "DATA":
        return
    if not fits(command.verb, reply.code):
        oddities.tell("unexpected-reply", f"{command.verb or 'no verb'} was answered by {reply.code}", reply.span)


def check_order(reply: Reply, following: Command, oddities: Oddities, offered: tuple[str, ...] | None) -> None:
    """Tell of a command that did not wait for the reply before it, though PIPELINING was not offered (RFC 2920)."""
    if earlier(following.span, reply.span) and not any(word.upper() == "PIPELINING" for word in offered or ()):
        told = f"{following.verb or 'a command'} was sent before the reply to the command before it"
        oddities.once("pipelining-not-offered", told, following.span)
