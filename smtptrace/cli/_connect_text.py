"""What the console says, as lines for people: coloured by class, and safe on a terminal."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from smtptrace.outputs._text import visible
from smtptrace.replay.console_shown import Kind, Shown

_CLASSES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_STYLES: dict[Kind, dict[str, Any]] = {
    Kind.MEANING: {"fg": "cyan"},
    Kind.REMARK: {"dim": True},
    Kind.WARNING: {"fg": "yellow", "bold": True},
}
_MARKS = {Kind.MEANING: "   ", Kind.REMARK: "** ", Kind.WARNING: "** "}


def line_of(shown: Shown, width: int = 0) -> str:
    """One thing said with its colours; `click.echo` drops these where nobody sees them.

    Args:
        shown: octets of the wire, or words of the console.
        width: where words of the console are wrapped; a meaning that is too long goes on a line of its own; 0 never.
    """
    text = visible(shown.text)
    if shown.kind in _STYLES:
        return click.style(_wrapped(_MARKS[shown.kind] + text, width), **_STYLES[shown.kind])
    said, meaning = _said(shown, text), visible(shown.meaning)
    if not meaning:
        return said
    fits = not width or len(text) + len(meaning) + len("S:    = ") <= width
    return said + ("" if fits else "\n") + click.style(_wrapped(f"   = {meaning}", 0 if fits else width), fg="cyan")


def _said(shown: Shown, text: str) -> str:
    if shown.kind is Kind.REPLY:
        return click.style(f"S: {text}", fg=_CLASSES.get(shown.code // 100))
    return click.style(f"C: {text}", bold=True)


def _wrapped(text: str, width: int) -> str:
    """The text on lines of that width, those after the first under its words."""
    if not width or len(text) <= width:
        return text
    indent = " " * (len(text) - len(text.removeprefix("** ").lstrip()))
    return textwrap.fill(text, max(width, 40), subsequent_indent=indent, break_on_hyphens=False)
