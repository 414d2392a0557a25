"""Values in the place of `${NAME}` and `${env:NAME}`: given, secret, or taken from a reply (docs/replay.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from smtptrace.errors import UsageError
from smtptrace.masks import PLACEHOLDER
from smtptrace.secret import MASK, Secret

MARK = "set: "
ENVIRONMENT = "env:"
SEARCHED = 1000
"""Octets of a reply line in which a pattern is searched: it is the user's, the line is anybody's."""

_CAPTURE = re.compile(r'(?P<name>[A-Za-z_][A-Za-z0-9_]{0,63})[ \t]+from[ \t]+"(?P<pattern>.+)"[ \t]*')
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Value = str | Secret


class MissingValueError(UsageError):
    """A value is not there, or must not stand where it is asked for; the message names it and never shows it."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A value to take from a reply: the first group of the pattern, all that it finds where it has none."""

    name: str
    pattern: re.Pattern[str]

    def find(self, texts: Iterable[bytes]) -> str | None:
        """The value in the first of these lines that has one."""
        for text in texts:
            found = self.pattern.search(text.decode("utf-8", "backslashreplace")[:SEARCHED])
            if found:
                value: str | None = found[1] if self.pattern.groups else found[0]
                return value
        return None


def read_capture(text: str) -> Capture:
    r"""What one line asks for, such as `QUEUEID from "queued as (\w+)"`.

    Raises:
        UsageError: it is not of this form.
    """
    found = _CAPTURE.fullmatch(text)
    if not found:
        raise UsageError(f'# {MARK}{text!a}: is not NAME from "PATTERN"')
    try:
        return Capture(found["name"], re.compile(found["pattern"], re.IGNORECASE))
    except re.error as error:
        raise UsageError(f"# {MARK}{text!a}: no pattern: {error}") from error


def names_in(octets: bytes) -> Iterator[str]:
    """The names of the placeholders, those of the environment with `env:` before them."""
    return (name.decode() for name in PLACEHOLDER.findall(octets))


def checked(name: str, value: str) -> str:
    """The value, which may stand in a command.

    Raises:
        MissingValueError: it holds a line end, another control, or a placeholder that would get a value in turn.
    """
    if "${" in value:
        raise MissingValueError(f"the value of {name} holds a placeholder itself")
    return _on_a_line(name, value)


def _on_a_line(name: str, value: str) -> str:
    if _CONTROLS.search(value):
        raise MissingValueError(f"the value of {name} holds a line end or another control, which no command may")
    return value


def given(octets: bytes, values: Mapping[str, str]) -> bytes:
    """The octets with these values in; other placeholders stay, for values that come later.

    Raises:
        MissingValueError: a value must not stand there.
    """
    return _put(octets, {name: checked(name, values[name]) for name in set(names_in(octets)) & values.keys()})


def filled(octets: bytes, values: Mapping[str, Value]) -> tuple[bytes, bytes]:
    """The octets with all values in, and as they may be shown.

    Raises:
        MissingValueError: a value is not there or cannot stand in a command.
    """
    names = set(names_in(octets))
    missing = sorted(names - values.keys())
    if missing:
        raise MissingValueError(f"{missing[0]} has no value")
    texts = {name: _on_a_line(name, text_of(values[name])) for name in names}
    shown = {name: MASK if isinstance(values[name], Secret) else text for name, text in texts.items()}
    return _put(octets, texts), _put(octets, shown)


def _put(octets: bytes, texts: Mapping[str, str]) -> bytes:
    """The octets with these texts in the places of their names; what was put in is not read again."""

    def text(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        return texts[name].encode("utf-8", "surrogateescape") if name in texts else found[0]

    return PLACEHOLDER.sub(text, octets)


def text_of(value: Value) -> str:
    """The value as it goes over the wire."""
    return value.octets().decode("utf-8", "surrogateescape") if isinstance(value, Secret) else value
