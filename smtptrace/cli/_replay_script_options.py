"""The options of `replay` that say how a script is played, and with which values."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def pace(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
    """The factor of the recorded pauses, 1 for `recorded`, None where none are wanted.

    Raises:
        BadParameter: it is neither.
    """
    if value is None:
        return None
    if value == "recorded":
        return 1.0
    try:
        factor = float(value)
    except ValueError:
        factor = math.nan
    if not 0 < factor <= 100:
        raise click.BadParameter(f"{value!a} is neither 'recorded' nor above 0 and up to 100", context, option)
    return factor


def script_options(command: F) -> F:
    """How a script is played, and with which values."""
    readable = click.Path(path_type=Path, exists=True, dir_okay=False)
    for option in (
        click.option("--allow-ambiguous", "ambiguous", is_flag=True, help="Send what servers may read otherwise."),
        click.option("--data", type=readable, metavar="FILE", help="Play once for each row of this CSV file."),
        click.option(
            "--pace", callback=pace, metavar="recorded|FACTOR", help="Keep the recorded pauses, times FACTOR."
        ),
        click.option("--as-sent", is_flag=True, help="Send the same octets, typing errors and all."),
    ):
        command = option(command)
    return command
