"""A script with the values that are known before it is played, and what is still needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from smtptrace.replay.script import Step
from smtptrace.replay.timing import Part, Piece
from smtptrace.replay.values import ENVIRONMENT, given, names_in


def with_values(steps: tuple[Step, ...], values: Mapping[str, str], environment: Collection[str]) -> tuple[Step, ...]:
    """The steps with these values in; those of the environment and of replies are put in while it is played.

    Args:
        steps: of one script.
        values: by name, as the user gave them.
        environment: the names of the variables that are there.

    Raises:
        MissingValueError: a value must not stand in a command.
    """
    known = {ENVIRONMENT + name for name in environment}
    found = []
    for step in steps:
        found.append(_valued(step, values, known))
        known |= {capture.name for capture in step.captures}
    return tuple(found)


def _valued(step: Step, values: Mapping[str, str], known: Collection[str]) -> Step:
    named = step.open and any(names_in(step.line))
    line = given(step.line, values) if named else step.line
    login = step.login and replace(step.login, user=given(step.login.user.encode(), values).decode())
    content = _content(step.content, step.fields, values)
    fields = frozenset(given(field, values) for field in step.fields)
    asked = [*(names_in(line) if named else ()), *_names(content, fields)]
    asked += [ENVIRONMENT + login.variable] if login and login.variable else []
    needs = tuple(dict.fromkeys(name for name in asked if name not in known))
    return replace(
        step,
        line=line,
        login=login,
        content=content,
        fields=fields,
        parts=with_filled(step, lambda line: given(line, values)) if named or step.fields else step.parts,
        asks=named and any(names_in(line)),
        open=bool(needs) or (step.open and not named),
        needs=needs,
    )


def _content(content: bytes | None, fields: Collection[bytes], values: Mapping[str, str]) -> bytes | None:
    if content is None or not fields:
        return content
    lines = content.split(b"\n")
    return b"\n".join(given(line, values) if line.rstrip(b"\r") in fields else line for line in lines)


def _names(content: bytes | None, fields: Collection[bytes]) -> list[str]:
    lines = content.split(b"\n") if content and fields else []
    return [name for line in lines if line.rstrip(b"\r") in fields for name in names_in(line)]


def with_filled(step: Step, fill: Callable[[bytes], bytes]) -> tuple[Part, ...]:
    """The octets of a step as they were sent, its values in: those of the command, and of the lines of its message."""

    def fill_content(line: bytes) -> bytes:
        known = line.rstrip(b"\r").removeprefix(b".") in step.fields
        return as_content(line, fill(line)) if known else line

    return tuple(_filled(part, fill_content if number else fill) for number, part in enumerate(step.parts))


def _filled(part: Part, fill: Callable[[bytes], bytes]) -> Part:
    """The part with other octets goes in one piece, for nobody knows where it would have been cut."""
    octets = part.octets
    made = b"\n".join(map(fill, octets.split(b"\n"))) if b"${" in octets else octets
    return part if made == octets else replace(part, pieces=(Piece(made, part.pieces[0].pause_ns),))


def as_content(before: bytes, line: bytes) -> bytes:
    """A line of a message as DATA sends it, its values in: these never make it the end mark (RFC 5321, 4.5.2)."""
    dot = line.startswith(b".") and (not before.startswith(b".") or line.rstrip(b"\r") == b".")
    return b"." + line if dot and line != before else line
