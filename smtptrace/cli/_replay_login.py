"""The credentials of a replay: asked for before anything is sent, and given to one target only."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from smtptrace.auth import Login
from smtptrace.cli._password import PASSWORD, TOKEN, secret_from
from smtptrace.errors import UsageError
from smtptrace.outputs._text import visible
from smtptrace.replay.script import LoginAs, Script
from smtptrace.secret import Secret
from smtptrace.wire import Endpoint

_BEARER = ("XOAUTH2", "OAUTHBEARER")
_WITHOUT = ("EXTERNAL", "ANONYMOUS", "GSSAPI")
_AGAINST = "_AGAINST"


def logins(
    scripts: Sequence[Script],
    target: Endpoint,
    *,
    user: str = "",
    descriptor: int | None = None,
    recorded: bool = False,
    second: bool = False,
) -> Callable[[LoginAs], Login]:
    """What gives the credentials for each login of the scripts, at this target.

    The variables of the environment belong to the first target; those of the second end in `_AGAINST`.

    Raises:
        UsageError: a secret is missing, or one was given for several users.
    """
    wanted = [_named(step.login, user) for script in scripts for step in script.steps if step.login]
    wanted = [how for how in wanted if _needs_secret(how)]
    if recorded:
        return lambda how: _login(_named(how, user), _recorded(how), target)
    _one_user(wanted)
    secrets: dict[bool, Secret] = {}
    for how in wanted:
        bearer = how.mechanism in _BEARER
        if bearer not in secrets:
            secrets[bearer] = _ask(how, target, descriptor, second)
    return lambda how: _login(_named(how, user), secrets.get(how.mechanism in _BEARER, Secret("")), target)


def _named(how: LoginAs, user: str) -> LoginAs:
    return replace(how, user=user, domain="", authzid="") if user else how


def _needs_secret(how: LoginAs) -> bool:
    return how.mechanism not in _WITHOUT and how.cancelled_after != 0


def _one_user(wanted: Sequence[LoginAs]) -> None:
    users = sorted({how.user for how in wanted})
    if len(users) > 1:
        named = visible(", ".join(users))
        raise UsageError(f"the sessions log in as {named}: replay them apart, or name one with --user")
    if users == [""]:
        raise UsageError("the recording does not show who logs in: name one with --user")


def _ask(how: LoginAs, target: Endpoint, descriptor: int | None, second: bool) -> Secret:
    bearer = how.mechanism in _BEARER
    variable = (TOKEN if bearer else PASSWORD) + (_AGAINST if second else "")
    what = f"{'Token' if bearer else 'Password'} of {visible(how.user)} at {target}"
    if descriptor is not None and second and variable not in os.environ:
        raise UsageError(f"--against {target}: its secret is not that of the first target; set {variable}")
    return secret_from(None if second else descriptor, variable, what)


def _recorded(how: LoginAs) -> Secret:
    if how.secret is None and _needs_secret(how):
        raise UsageError(f"{how.mechanism}: the trace holds no password or token, only a proof")
    return how.secret or Secret("")


def _login(how: LoginAs, secret: Secret, target: Endpoint) -> Login:
    return Login(how.user, secret, how.authzid, how.domain, target.host, target.port)
