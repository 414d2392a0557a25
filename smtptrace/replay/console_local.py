"""Commands of the console itself: they begin with a slash, as no command of SMTP does."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtptrace.errors import SmtptraceError
from smtptrace.replay.console_meaning import cause_lines, causes_of
from smtptrace.replay.console_offer import extension_meaning
from smtptrace.replay.console_record import keep
from smtptrace.replay.console_shown import Ask, Kind, Shown
from smtptrace.replay.content import stuffed, with_line_ends

if TYPE_CHECKING:
    from smtptrace.replay.console import Console

_Talk = Generator[Shown | Ask, Any, None]

MOST_OCTETS = 256 * 1024 * 1024
"""Octets of a file that is sent."""


def run(console: Console, line: str) -> _Talk:
    """Do what a line that begins with a slash asks for."""
    name, _, argument = line.strip().partition(" ")
    done = _DO.get("/help" if name == "?" else name)
    if done is None:
        yield Shown(Kind.WARNING, f"there is no {name}; /help lists what there is, /raw LINE sends any line")
        return
    yield from done(console, argument.strip())


def _help(_console: Console, _argument: str) -> _Talk:
    yield Shown(Kind.REMARK, "any command of SMTP is sent as it is typed; Tab completes it from what the server offers")
    yield Shown(Kind.REMARK, "STARTTLS begins TLS; AUTH MECHANISM asks for user and password, and does the base64")
    yield Shown(Kind.REMARK, "after DATA come the lines of the message, to a line of one dot; dots are doubled for you")
    for name, what in HELP.items():
        yield Shown(Kind.REMARK, f"{name:10}{what}")
    yield Shown(Kind.REMARK, "Ctrl-C or Ctrl-D on an empty line says QUIT and leaves")


def _explain(console: Console, argument: str) -> _Talk:
    asked = argument.split()
    if not asked and console.last is not None:
        asked = [each for each in (f"{console.last.code}", console.last.enhanced) if each]
    lines = [line for each in asked for line in console.manners.explain(each)]
    for line in lines:
        yield Shown(Kind.MEANING, line)
    if not lines:
        yield Shown(Kind.REMARK, f"nothing is known of {' '.join(asked) or 'nothing'}")


def _diagnose(console: Console, _argument: str) -> _Talk:
    causes = [cause for cause in causes_of(console.link.connection()) if cause.slug != "unknown"]
    for cause in causes:
        yield from cause_lines(cause)
    if not causes:
        yield Shown(Kind.REMARK, "nothing went wrong so far that a cause is known of")


def _offer(console: Console, _argument: str) -> _Talk:
    if not console.offer.known:
        yield Shown(Kind.REMARK, "nothing yet: say EHLO and a name")
    for keyword, parameters in console.offer.keywords.items():
        line = " ".join((keyword, *parameters))
        yield Shown(Kind.MEANING, line + (f"   {told}" if (told := extension_meaning(b"250 " + line.encode())) else ""))


def _tls(console: Console, _argument: str) -> _Talk:
    if console.tls is not None:
        yield from tls_lines(console)
        return
    offered = "; STARTTLS is offered" if console.offer.has("STARTTLS") else ""
    yield Shown(Kind.REMARK, f"no TLS: what is said can be read on the way{offered}")


def tls_lines(console: Console) -> _Talk:
    """What was agreed in TLS, and with whom."""
    agreed = console.tls
    assert agreed is not None
    yield Shown(Kind.REMARK, f"TLS: {agreed.version}, {agreed.cipher}")
    told = agreed.certificate
    if told is not None:
        names = ", ".join(told.names) or "no names"
        yield Shown(Kind.REMARK, f"certificate of {told.subject or '-'} ({names}), by {told.issuer or '-'}")
        yield Shown(Kind.REMARK, f"valid until {_day(told.not_after_ns)}, SHA-256 {told.sha256}")
    if not console.verified:
        yield Shown(Kind.WARNING, "the certificate was not verified: this may be anybody (--insecure)")


def _day(when_ns: int | None) -> str:
    return "?" if when_ns is None else time.strftime("%Y-%m-%d", time.gmtime(when_ns // 1_000_000_000))


def _save(console: Console, argument: str) -> _Talk:
    if not argument:
        yield Shown(Kind.WARNING, "/save FILE, its name ending in .pcapng or .smtp")
        return
    try:
        record, reveal = console.link.connection(), console.manners.reveal
        yield Shown(Kind.REMARK, keep(record, Path(argument), reveal=reveal, secrets=console.secrets))
    except SmtptraceError as error:
        yield Shown(Kind.WARNING, str(error))


def _raw(console: Console, argument: str) -> _Talk:
    yield from console.command(argument)


def _data(console: Console, argument: str) -> _Talk:
    content = yield from _content(argument)
    if content is None:
        return
    yield Shown(Kind.SENT, b"DATA")
    console.say(b"DATA\r\n", "DATA-FILE")
    said = yield from console.reply()
    if said is None or said.code != 354:
        return
    dots = (b"\n" + content).count(b"\n.")
    console.say(stuffed(content), "CONTENT")
    told = f"sent {len(content):,} octets of {argument}, and the dot that ends them"
    yield Shown(Kind.REMARK, told + (f"; one more dot at the beginning of {dots} of its lines" if dots else ""))
    yield from console.reply()


def _bdat(console: Console, argument: str) -> _Talk:
    content = yield from _content(argument)
    if content is None:
        return
    line = b"BDAT %d LAST" % len(content)
    yield Shown(Kind.SENT, line, f"and the {len(content):,} octets of {argument}")
    console.say(line + b"\r\n" + content, "CONTENT")
    yield from console.reply()


def _content(argument: str) -> Generator[Shown | Ask, Any, bytes | None]:
    """The content of a file with the line ends of SMTP, None (and a word about it) where it cannot be read."""
    path = Path(argument).expanduser()
    try:
        with path.open("rb") as stream:
            octets = stream.read(MOST_OCTETS + 1)
    except OSError as error:
        yield Shown(Kind.WARNING, f"{path}: {error.strerror}" if argument else "a FILE must be named")
        return None
    if len(octets) > MOST_OCTETS:
        yield Shown(Kind.WARNING, f"{path}: more than {MOST_OCTETS:,} octets are not sent")
        return None
    return with_line_ends(octets)


def _quit(console: Console, _argument: str) -> _Talk:
    yield from console.leave()


def _close(console: Console, _argument: str) -> _Talk:
    console.hang_up()
    yield Shown(Kind.REMARK, "the connection is closed, without QUIT")


_DO: dict[str, Callable[[Console, str], _Talk]] = {
    "/help": _help,
    "/explain": _explain,
    "/diagnose": _diagnose,
    "/offer": _offer,
    "/tls": _tls,
    "/data": _data,
    "/bdat": _bdat,
    "/raw": _raw,
    "/save": _save,
    "/quit": _quit,
    "/close": _close,
}

HELP = {
    "/help": "this",
    "/explain": "what the last reply means; or a code, or a cause: /explain 5.7.8",
    "/diagnose": "why things went wrong in this session, the likeliest cause first",
    "/offer": "what the server offers, and what it means",
    "/tls": "what TLS was agreed, and the server's certificate",
    "/data": "send a file as the message: /data FILE",
    "/bdat": "send a file as the message in one chunk: /bdat FILE",
    "/raw": "send a line as it is, AUTH too",
    "/save": "keep the session so far: /save FILE.pcapng or FILE.smtp",
    "/quit": "say QUIT and leave, as Ctrl-D does",
    "/close": "hang up without QUIT",
}
