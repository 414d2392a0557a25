"""Make the lines to type for a login."""

from __future__ import annotations

import base64
from typing import Any

import click

from smtptrace.auth import Login, responder
from smtptrace.cli._password import PASSWORD, TOKEN, password_option, secret_from

GROUP = "act"

_MECHANISMS = ("login", "plain", "xoauth2", "oauthbearer", "external", "anonymous")
_TOKENS = ("xoauth2", "oauthbearer")
_WITHOUT_SECRET = ("external", "anonymous")


@click.command("encode")
@click.argument("mechanism", type=click.Choice(_MECHANISMS, case_sensitive=False))
@click.option("--user", metavar="NAME", help="Who logs in; asked for where it is missing.")
@click.option("--authzid", default="", metavar="NAME", help="The identity to act for.")
@click.option("--host", default="", metavar="HOST", help="The server's name (oauthbearer).")
@click.option("--port", type=click.IntRange(1, 65535), default=587, help="The server's port (oauthbearer).")
@click.option("--initial-response", is_flag=True, help="The first response on the AUTH line, where that is a choice.")
@password_option
def command(mechanism: str, user: str | None, initial_response: bool, password_fd: int | None, **server: Any) -> int:
    """Print what to type for MECHANISM, a line for each turn of the client.

    The password or token is asked for, read from --password-fd, or taken from SMTPTRACE_PASSWORD or SMTPTRACE_TOKEN;
    it is never an argument. Whoever sees the lines printed can read it.

    \b
    smtptrace encode login
    smtptrace encode plain --user alice
    SMTPTRACE_TOKEN=... smtptrace encode xoauth2 --user alice@example.com
    """
    name = mechanism.lower()
    login = Login(user=_user(name, user), **server)
    if name not in _WITHOUT_SECRET:
        is_token = name in _TOKENS
        login.secret = secret_from(password_fd, TOKEN if is_token else PASSWORD, "Token" if is_token else "Password")
    for line in lines(name, login, initial=initial_response or name != "login"):
        click.echo(line)
    return 0


def lines(mechanism: str, login: Login, *, initial: bool) -> list[str]:
    """The client's lines: the AUTH command, with the first response on it or on the next line, and the others."""
    said = [base64.b64encode(each or b"").decode("ascii") for each in _responses(mechanism, login)]
    if initial:
        return [f"AUTH {mechanism.upper()} {said[0] or '='}", *said[1:]]
    return [f"AUTH {mechanism.upper()}", *said]


def _responses(mechanism: str, login: Login) -> list[bytes | None]:
    """What is said without an error report between."""
    found = list(responder(mechanism, login))
    return found[:1] if mechanism in _TOKENS else found


def _user(mechanism: str, user: str | None) -> str:
    if user is not None or mechanism == "external":
        return user or ""
    return str(click.prompt("User", err=True))
