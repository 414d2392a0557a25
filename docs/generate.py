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


HARMLESS = (
    "Harmless traffic raises nothing above `info`, which the tests hold. Recorded: bulk mail (3 sessions, 24",
    "recipients), a relay between two servers (2 sessions) and monitoring (3 sessions). Made up: 600 messages of a",
    "newsletter to 30,000 recipients in a minute (told as a `burst`, `info`), 900 messages of 80 senders through one",
    "relay in 3 minutes, 500 checks of a monitor, and 500 logins of one application.",
    "",
)


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
    yield from HARMLESS
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
