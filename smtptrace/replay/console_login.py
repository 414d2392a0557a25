"""AUTH with the console's help: it asks, encodes, sends, and shows what each line means."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from smtptrace.auth import Login, responder
from smtptrace.errors import SmtptraceError
from smtptrace.replay.console_advice import NOT_IN_CLEAR
from smtptrace.replay.console_history import login_words
from smtptrace.replay.console_shown import Ask, Kind, Shown
from smtptrace.replay.login import talk
from smtptrace.replay.script import LoginAs, Said
from smtptrace.secret import Secret

if TYPE_CHECKING:
    from smtptrace.replay.console import Console

_TOKENS = frozenset(("XOAUTH2", "OAUTHBEARER"))
_NO_SECRET = frozenset(("EXTERNAL", "ANONYMOUS", "GSSAPI", "GSS-SPNEGO"))
_NO_USER = frozenset(("EXTERNAL", "GSSAPI", "GSS-SPNEGO"))


def login(console: Console, line: str) -> Generator[Shown | Ask, Any, None]:
    """Log in with the mechanism of `AUTH MECHANISM`."""
    words = login_words(line)
    offered = console.offer.mechanisms
    if len(words) < 2:
        known = " ".join(offered) or "none, or EHLO was not said"
        yield Shown(Kind.WARNING, f"AUTH and a mechanism, such as AUTH PLAIN; offered: {known}")
        return
    mechanism = words[1].upper()
    problem = _problem(console, mechanism)
    if problem:
        yield Shown(Kind.WARNING, problem)
        return
    if console.offer.known and mechanism not in offered:
        yield Shown(Kind.WARNING, f"{mechanism} is not offered; offered: {' '.join(offered) or 'none'}")
    found = yield from _ask(console, mechanism)
    if found is None:
        yield Shown(Kind.REMARK, "no login: nothing was sent")
        return
    yield from _log_in(console, mechanism, found)


def _problem(console: Console, mechanism: str) -> str:
    """Why there is no login, "" where nothing stands against it."""
    if not console.may_login:
        return NOT_IN_CLEAR
    try:
        responder(mechanism, Login("nobody", Secret("none")))
    except SmtptraceError as error:
        return f"{error}; /raw AUTH {mechanism} sends the bare line"
    return ""


def _ask(console: Console, mechanism: str) -> Generator[Shown | Ask, Any, Login | None]:
    """Who logs in and with what; None where the user leaves it."""
    user: str | None = console.manners.user
    if not user and mechanism not in _NO_USER:
        user = yield Ask("User")
    if user is None:
        return None
    secret: Secret | None = Secret("")
    if mechanism not in _NO_SECRET:
        kind = "Token" if mechanism in _TOKENS else "Password"
        secret = yield Ask(f"{kind} of {user} at {console.target}", kind)
    if secret is None:
        return None
    console.hide(secret)
    return Login(user, secret, host=console.target.host, port=console.target.port)


def _log_in(console: Console, mechanism: str, found: Login) -> Generator[Shown | Ask, Any, None]:
    lines = talk(LoginAs(mechanism, found.user, initial=mechanism != "LOGIN"), found)
    said: Said | None = None
    while True:
        try:
            line = next(lines) if said is None else lines.send(said)
        except StopIteration as end:
            if end.value:
                yield Shown(Kind.WARNING, end.value)
            return
        console.say(line.octets + b"\r\n", "LOGIN")
        yield console.login_line()
        said = yield from console.reply()
        if said is None:
            return
