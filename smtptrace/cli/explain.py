"""Say what a rule, pattern, cause or reply code means."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict

import click

from smtptrace.errors import UsageError

GROUP = "explain"


def _beginning(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names that begin so, for the shell."""
    from smtptrace.cli._pocketbook import names

    return [name for name in names() if name.startswith(incomplete.lower())]


@click.command("explain")
@click.argument("name", metavar="SLUG|CODE", required=False, shell_complete=_beginning)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(name: str | None, as_json: bool) -> int:
    """Say what a rule, pattern, cause or reply code means, and what to do; without a name, list them.

    \b
    smtptrace explain 535
    smtptrace explain 5.7.60
    smtptrace explain mechanism-not-offered
    smtptrace explain password-guessing
    """
    from smtptrace.cli._pocketbook import article, names, text_of

    if name is None:
        click.echo("\n".join(names()))
        return 0
    found = article(name)
    if found is None:
        near = difflib.get_close_matches(name.lower(), names(), 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; 'smtptrace explain' lists the names"
        raise UsageError(f"nothing is known of {name}{hint}")
    if as_json:
        click.echo(json.dumps({"schema": "smtptrace.explain/1", **asdict(found)}, ensure_ascii=False))
        return 0
    click.echo("\n".join(text_of(found)))
    return 0
