"""What the console says, as lines for people: coloured by class, and safe on a terminal."""

from __future__ import annotations

import click

from smtptrace.outputs._text import visible
from smtptrace.replay.console_shown import Kind, Shown

_CLASSES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


def line_of(shown: Shown) -> str:
    """One line with its colours; `click.echo` drops these where nobody sees them."""
    text = visible(shown.text)
    if shown.kind is Kind.MEANING:
        return click.style(f"   {text}", fg="cyan")
    if shown.kind is Kind.REMARK:
        return click.style(f"** {text}", dim=True)
    if shown.kind is Kind.WARNING:
        return click.style(f"** {text}", fg="yellow", bold=True)
    said = _said(shown, text)
    return said + click.style(f"   = {visible(shown.meaning)}", fg="cyan") if shown.meaning else said


def _said(shown: Shown, text: str) -> str:
    if shown.kind is Kind.REPLY:
        return click.style(f"S: {text}", fg=_CLASSES.get(shown.code // 100))
    return click.style(f"C: {text}", bold=True)
