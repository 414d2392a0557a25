"""Write docs/rules.md and docs/causes.md from the descriptions of the rules, patterns and causes themselves.

Run it after one of them has changed: python docs/generate.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from smtptrace.cli._pocketbook import cause, markdown_of, pattern, rule
from smtptrace.diagnosis import CAUSES
from smtptrace.findings import RULES
from smtptrace.patterns import PATTERNS

DOCS = Path(__file__).parent


def rules() -> Iterator[str]:
    """The document on rules and patterns."""
    yield "# Rules and patterns"
    yield ""
    yield "What `smtptrace check` looks for. This page is made from the rules themselves (`python docs/generate.py`)."
    yield ""
    yield "## On one session"
    yield ""
    for name in RULES:
        yield from markdown_of(rule(name))
    yield "## Over all sessions of a run"
    yield ""
    yield "Thresholds are changed with `--threshold PATTERN.NAME=N`."
    yield ""
    for name in PATTERNS:
        yield from markdown_of(pattern(name))


def causes() -> Iterator[str]:
    """The document on causes."""
    yield "# Causes"
    yield ""
    yield "What `smtptrace diagnose` tells apart. Made from the causes themselves (`python docs/generate.py`)."
    yield "The replies that speak for a cause are rows of `smtptrace/diagnosis/knowledge.toml`."
    yield ""
    for name in CAUSES:
        yield from markdown_of(cause(name))


PAGES = {"rules.md": rules, "causes.md": causes}

if __name__ == "__main__":
    for page, lines in PAGES.items():
        (DOCS / page).write_text("\n".join(lines()).rstrip("\n") + "\n", encoding="utf-8")
