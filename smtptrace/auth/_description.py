"""What one token is, taken apart for reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smtptrace.auth import _text
from smtptrace.secret import Masked, Secret


@dataclass(slots=True)
class Row:
    """One field: its value in parts, and its place in the octets where it has one."""

    name: str
    value: Masked
    offset: int | None = None
    length: int | None = None


@dataclass(slots=True)
class Description:
    """A token's kind in words, its fields, and what is wrong with it.

    `encodings` tells how it was wrapped, outermost first: `AUTH PLAIN`, `base64`, `base64`.
    """

    kind: str
    rows: tuple[Row, ...] = ()
    problems: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()


def row(name: str, value: object, offset: int | None = None, length: int | None = None) -> Row:
    """A row of any value: octets as text on one line, a Secret as a part of its own."""
    if isinstance(value, Secret):
        return Row(name, (value,), offset, length)
    text = _text.one_line(value) if isinstance(value, bytes) else _text.escaped(str(value))
    return Row(name, (text,), offset, length)


def rows(facts: dict[str, Any]) -> tuple[Row, ...]:
    """Rows of facts by name; what is nested gets dotted names."""
    return tuple(_flat("", facts))


def _flat(prefix: str, facts: dict[str, Any]) -> Iterator[Row]:
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield row(prefix + name, ", ".join(map(str, value)) if isinstance(value, list) else value)
