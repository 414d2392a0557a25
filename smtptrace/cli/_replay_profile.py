"""`--profile FILE`: options of `replay` in a file, so that nobody gets used to typing the dangerous ones.

A key is the name of an option; `target` is HOST[:PORT]. The file never holds a secret, only where to get it. What the
command line says wins, and what the file permits holds at its own target alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from smtptrace import net
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.outputs._text import visible

KEYS = {
    "target": "target",
    "to": "to",
    "from": "sender",
    "allow-recipient": "recipients",
    "send": "send",
    "allow-plaintext-auth": "plain_auth",
    "max-messages": "max_messages",
    "user": "user",
    "auth": "mechanism",
    "password-env": "password_env",
    "token-env": "token_env",
    "password-fd": "password_fd",
    "prompt": "prompt",
    "helo": "helo",
    "tls": "tls",
    "ca-file": "ca_file",
    "insecure": "insecure",
    "client-cert": "certificate",
    "client-key": "key",
    "sni": "sni",
    "tls-min": "least",
    "tls-max": "most",
    "bind": "bind",
    "timeout": "timeout_s",
    "proxy-header": "proxy",
    "xclient": "xclient",
    "client-address": "client",
    "match": "match",
}
"""What may stand in a profile, and the parameter of the command that it is."""

_FILES = {"ca-file", "client-cert", "client-key"}
"""Paths, which are those beside the profile."""

_PERMITS = ("recipients", "send", "plain_auth", "insecure", "password_env", "token_env", "password_fd", "prompt")
"""What a profile permits for its own target alone, and where its secret is."""

_NO_TEXTS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    **dict.fromkeys(
        ("send", "allow-plaintext-auth", "insecure", "prompt", "xclient"),
        ("true or false", lambda value: isinstance(value, bool)),
    ),
    **dict.fromkeys(("max-messages", "password-fd"), ("a whole number", lambda value: type(value) is int)),
    "timeout": ("a number", lambda value: type(value) in (int, float)),
    "allow-recipient": (
        'a list of texts, such as ["*@lab.example"]',
        lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    ),
}
"""What the values of these are; all others are texts."""

_SECRET = re.compile(r"(?i)pass|secret|token|credential|key$|pwd")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_profile(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make what the file says the defaults of the command.

    Raises:
        UnreadableError: it cannot be read.
        UsageError: it holds a secret, or what is no option.
    """
    if path is not None:
        values = {KEYS[key]: _value(path, key, value) for key, value in _checked(path, _table(path)).items()}
        context.default_map = {**(context.default_map or {}), **values}


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path}: is no UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"{path}: is no TOML: {error}") from error


def _checked(path: Path, table: Mapping[str, Any]) -> Mapping[str, Any]:
    for key, value in table.items():
        if key not in KEYS and _SECRET.search(key):
            raise UsageError(
                f"{path}: {visible(key)}: a profile holds no secret; name the variable that holds it: "
                'password-env = "LAB_PASSWORD"'
            )
        if key not in KEYS:
            raise UsageError(f"{path}: {visible(key)} is not known; a profile may hold {', '.join(KEYS)}")
        if key in ("password-env", "token-env") and not (isinstance(value, str) and _VARIABLE.fullmatch(value)):
            raise UsageError(f"{path}: {key} is the name of a variable, not the secret itself")
        what, fits = _NO_TEXTS.get(key, ("a text in quotes", lambda value: isinstance(value, str)))
        if not fits(value):
            raise UsageError(f"{path}: {key} is {what}")
        if key == "target" and "@" in str(value):
            raise UsageError(f"{path}: target is HOST[:PORT] without credentials")
    if "target" not in table and set(map(KEYS.__getitem__, table)) & set(_PERMITS):
        raise UsageError(f"{path}: what it permits is for one target, which it must name: target = HOST[:PORT]")
    return table


def _value(path: Path, key: str, value: object) -> object:
    return str(path.parent / str(value)) if key in _FILES else value


def elsewhere(context: click.Context, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as they hold at another target than that of the profile: without what only the profile permits."""
    kept = dict(options)
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in _PERMITS and context.get_parameter_source(name) is ParameterSource.DEFAULT_MAP:
            kept[name] = () if parameter.multiple else False if getattr(parameter, "is_flag", False) else None
    return kept


def is_own_target(context: click.Context, target: str) -> bool:
    """Whether a target is that of the profile, where there is a profile with one."""
    own = (context.default_map or {}).get("target")
    return own is None or net.endpoint(str(own).lower(), 25) == net.endpoint(target.lower(), 25)
