"""Show sessions as dialogues, decoded."""

from __future__ import annotations

import sys
from typing import Any

import click

from smtptrace.cli._reading import Run, reading_options, run_of

GROUP = "look"


@click.command("show")
@reading_options
@click.option("--content", is_flag=True, help="Whole messages, not only their first lines.")
def command(content: bool, **reading: Any) -> int:
    """Show what client and server said, with every encoded line decoded beside it.

    \b
    smtptrace show mail.pcapng              all sessions
    smtptrace show -s 7 mail.pcapng         the one that `list` names 7
    smtptrace show --show-secrets -s 7 mail.pcapng
    """
    run = run_of(**reading)
    run.options.keep_content = content
    if run.as_json:
        _json(run)
    else:
        _dialogues(run, None if content else 12)
    return run.finish()


def _json(run: Run) -> None:
    from smtptrace.outputs.jsonl import line, session_object

    for trace, name in run.traces():
        sys.stdout.buffer.write(line({**session_object(trace, run.ids, name), "show_secrets": run.show_secrets}))
        sys.stdout.buffer.flush()
    run.say_not_found()


def _dialogues(run: Run, content_lines: int | None) -> None:
    from rich.console import Console

    from smtptrace.outputs.dialogue import render

    console = Console(soft_wrap=True, highlight=False)
    shown = 0
    run.say_what_is_shown()
    for trace, name in run.traces():
        if shown:
            console.print()
        for text in render(trace, name, content_lines):
            console.print(text)
        shown += 1
    if not shown and not run.unreadable:
        what = (
            f"no session {', '.join(run.selection.ids)}; 'smtptrace list' names them"
            if run.selection.ids
            else "no SMTP session was found"
        )
        click.echo(f"smtptrace: {what}", err=True)
        run.say_not_found()
