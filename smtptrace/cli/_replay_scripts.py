"""The scripts that `replay` plays: how each session is read, and the values that are put in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from smtptrace.errors import UsageError
from smtptrace.outputs._text import visible
from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.prepare import Choices, prepared, word
from smtptrace.replay.rows import Row, read_rows
from smtptrace.replay.script import Script, script_of
from smtptrace.replay.values import ENVIRONMENT, names_in
from smtptrace.secret import Secret
from smtptrace.trace import Trace

SECOND = "_AGAINST"
"""What the variables of the second target end in."""

Rows = Sequence[Row]


def scripts_of(
    trace: Trace, name: str, choices: Choices, options: Mapping[str, Any], rows: Sequence[Row]
) -> list[Script]:
    """The session as it will be played: once, or once for each row.

    Raises:
        NotPlayableError: it cannot be.
        UsageError: a value must not stand in a command.
    """
    script = script_as_sent(trace, name, recorded=options["recorded"]) if options["as_sent"] else script_of(trace, name)
    if not rows:
        return [prepared(script, choices)]
    found = []
    for number, row in enumerate(rows, 1):
        values = {**choices.values, **row}
        found.append(prepared(replace(script, name=f"{name} row {number}"), replace(choices, values=values)))
    return found


def rows_of(path: Path | None) -> Rows:
    """The rows of a table; none without one.

    Raises:
        UsageError: it cannot be read.
    """
    if path is None:
        return ()
    try:
        return read_rows(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def values_of(texts: Sequence[str]) -> dict[str, str]:
    """The values of `--set NAME=VALUE`.

    Raises:
        UsageError: one is not of this form.
    """
    return dict(map(_value, texts))


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or next(names_in(f"${{{name}}}".encode()), "") != name or name.startswith(ENVIRONMENT):
        raise UsageError(f"--set {visible(name)}: is not NAME=VALUE; secrets stand in the environment: ${{env:NAME}}")
    return name, value


def sender_of(text: str | None) -> bytes | None:
    """The address of `--from`, empty for the null sender `<>`; None where none was chosen.

    Raises:
        UsageError: it cannot stand in a command.
    """
    return None if text is None else b"" if text in {"", "<>"} else word("--from", text)


def environment_of(scripts: Sequence[Script], *, second: bool) -> dict[str, Secret]:
    """The values of the variables that the scripts name, by their placeholders.

    Raises:
        UsageError: the second target has none of its own.
    """
    found = {}
    for name in dict.fromkeys(_asked(scripts)):
        variable = name.removeprefix(ENVIRONMENT) + (SECOND if second else "")
        if variable not in os.environ:
            raise UsageError(f"the variable {variable} is not in the environment")
        found[name] = Secret(os.environ[variable])
    return found


def _asked(scripts: Sequence[Script]) -> Iterator[str]:
    for script in scripts:
        for step in script.steps:
            for octets in (step.line if step.asks else b"", *step.fields):
                yield from (name for name in names_in(octets) if name.startswith(ENVIRONMENT))
