"""The credentials of a replay: asked for before anything is sent, and given to one target only."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True)
class Given:
    """Whose login it is and where its secret comes from; the variables are names."""

    user: str = ""
    descriptor: int | None = None
    recorded: bool = False
    password_env: str | None = None
    token_env: str | None = None
    prompt: bool = False


def logins(
    scripts: Sequence[Script], target: Endpoint, given: Given, *, second: bool = False
) -> Callable[[LoginAs], Login]:
    """What gives the credentials for each login of the scripts, at this target.

    The secret of the first target comes from `--password-fd`, the prompt where it is asked for, the variable that is
    named, or the usual one. The variables for the second target end in `_AGAINST`.

    Raises:
        UsageError: a secret is missing, or one was given for several users.
    """
    user = given.user
    wanted = [_named(step.login, user) for script in scripts for step in script.steps if step.login]
    wanted = [how for how in wanted if _needs_secret(how)]
    if given.recorded:
        return lambda how: _login(_named(how, user), _recorded(how), target)
    for variable in {how.variable for how in wanted}:
        _one_user([how for how in wanted if how.variable == variable])
    secrets: dict[tuple[bool, str], Secret] = {}
    for how in wanted:
        if _kind(how) not in secrets:
            ask = _ask_second if second else _ask
            secrets[_kind(how)] = ask(how, target, given)
    return lambda how: _login(_named(how, user), secrets.get(_kind(how), Secret("")), target)


def _kind(how: LoginAs) -> tuple[bool, str]:
    """Logins of one kind have one secret."""
    return how.mechanism in _BEARER, how.variable


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


def _what(how: LoginAs, target: Endpoint) -> str:
    return f"{'Token' if how.mechanism in _BEARER else 'Password'} of {visible(how.user)} at {target}"


def _ask(how: LoginAs, target: Endpoint, given: Given) -> Secret:
    bearer = how.mechanism in _BEARER
    if how.variable:
        return _of_variable(how.variable)
    named = given.token_env if bearer else given.password_env
    if given.descriptor is None and not given.prompt and named is not None and named not in os.environ:
        raise UsageError(f"the variable that --{'token' if bearer else 'password'}-env names is not set")
    variable = "" if given.prompt else named or (TOKEN if bearer else PASSWORD)
    return secret_from(given.descriptor, variable, _what(how, target))


def _of_variable(name: str) -> Secret:
    """The secret that a script takes from the environment."""
    if name not in os.environ:
        raise UsageError(f"the variable {name} is not in the environment")
    return Secret(os.environ[name])


def _ask_second(how: LoginAs, target: Endpoint, given: Given) -> Secret:
    if how.variable:
        return _of_variable(how.variable + _AGAINST)
    variable = (TOKEN if how.mechanism in _BEARER else PASSWORD) + _AGAINST
    if given.descriptor is not None and variable not in os.environ:
        raise UsageError(f"--against {target}: its secret is not that of the first target; set {variable}")
    return secret_from(None, variable, _what(how, target))


def _recorded(how: LoginAs) -> Secret:
    if how.secret is None and _needs_secret(how):
        raise UsageError(f"{how.mechanism}: the trace holds no password or token, only a proof")
    return how.secret or Secret("")


def _login(how: LoginAs, secret: Secret, target: Endpoint) -> Login:
    return Login(how.user, secret, how.authzid, how.domain, target.host, target.port)
