"""Passwords and tokens from where they may come: a prompt, a file descriptor, the environment; never an argument."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from getpass import GetPassWarning
from typing import Any, TypeVar

import click

from smtptrace.errors import UsageError
from smtptrace.secret import Secret

F = TypeVar("F", bound=Callable[..., Any])

PASSWORD, TOKEN = "SMTPTRACE_PASSWORD", "SMTPTRACE_TOKEN"
_LONGEST = 64 * 1024


def password_option(command: F) -> F:
    """The option `--password-fd` of every command that needs a secret."""
    option = click.option(
        "--password-fd", type=click.IntRange(0), metavar="N", help="Read the password or token from this descriptor."
    )
    return option(command)


def secret_from(descriptor: int | None, variable: str = PASSWORD, what: str = "Password") -> Secret:
    """The secret from the descriptor, else the environment variable, else a prompt that does not show it.

    Raises:
        UsageError: the descriptor cannot be read, or there is no terminal to ask at.
    """
    if descriptor is not None:
        return Secret(_first_line(descriptor))
    if variable in os.environ:
        return Secret(os.environ[variable])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # it would be read from a pipe, or shown
            return Secret(click.prompt(what, hide_input=True, default="", show_default=False, err=True))
    except (click.Abort, GetPassWarning) as error:
        raise UsageError(f"no {what.lower()}: type it at the prompt, or use --password-fd or {variable}") from error


def _first_line(descriptor: int) -> str:
    try:
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            line = stream.readline(_LONGEST)
    except OSError as error:
        raise UsageError(f"--password-fd {descriptor}: {error.strerror}") from error
    return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")
