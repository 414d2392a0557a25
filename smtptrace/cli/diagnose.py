"""Say why sessions failed, and how to mend it."""

from __future__ import annotations

import sys
from typing import Any

import click

from smtptrace import redact
from smtptrace.cli._reading import Run, reading_options, run_of

GROUP = "explain"


@click.command("diagnose")
@reading_options
def command(**reading: Any) -> int:
    """Say why each session failed: the likeliest cause first, the lines that show it, and the fix for this server.

    FILE may be a capture, a transcript, or a text that holds no more than an error line or an exception. A fix names a
    command that only looks first, then the change.

    \b
    smtptrace diagnose mail.pcapng
    smtptrace diagnose -s 7 --json mail.pcapng
    echo '535 5.7.3 Authentication unsuccessful' | smtptrace diagnose -
    """
    run = run_of(**reading)
    run.options.attempts = True
    if run.as_json:
        _json(run)
    else:
        _text(run)
    return run.finish()


def _json(run: Run) -> None:
    from smtptrace.outputs.jsonl import line
    from smtptrace.outputs.judgements import diagnosis_object

    treat = redact.reveal if run.show_secrets else redact.mask
    for trace, name in run.raw():
        sys.stdout.buffer.write(line(diagnosis_object(treat(trace), name, trace.session)))
        sys.stdout.buffer.flush()


def _text(run: Run) -> None:
    from smtptrace.outputs.judgements import diagnosis_lines

    sessions = failed = 0
    for trace, name in run.traces():
        sessions += 1
        if trace.causes:
            if failed:
                click.echo()
            failed += 1
            for text in diagnosis_lines(trace, name):
                click.echo(text)
    if sessions:
        click.echo(f"{sessions} session{'' if sessions == 1 else 's'} read, {failed} failed", err=True)
    elif not run.unreadable:
        click.echo("smtptrace: no SMTP session was found", err=True)
