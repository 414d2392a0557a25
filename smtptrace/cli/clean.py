"""Write sessions as they were meant: typing mended, noise dropped, secrets as placeholders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from smtptrace.cli._reading import Run, reading_options, run_of

GROUP = "keep"


@click.command("clean")
@reading_options
@click.option("--list", "listed", is_flag=True, help="Only the values that are still needed to play it again.")
@click.option("--expect", type=click.Choice(("code", "enhanced")), help="Write what each reply was, for `replay`.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write to; standard output otherwise.")
def command(listed: bool, expect: str | None, output: Path | None, **reading: Any) -> int:
    """Write sessions as .smtp text as they were meant, ready to replay.

    Typing is mended; what was refused and tried again, and other noise, is dropped; comments say so. Passwords and
    tokens are placeholders such as ${PASSWORD}. Nothing is made up: what is not known is asked for.

    \b
    smtptrace clean telnet.pcapng -o session.smtp
    smtptrace clean --expect code mail.pcapng -o test.smtp
    smtptrace clean --list telnet.pcapng
    """
    run = run_of(**reading)
    run.options.keep_events = True
    if listed:
        _list(run)
    else:
        _write(run, output, expect)
    return run.finish()


def _write(run: Run, output: Path | None, expect: str | None) -> None:
    from smtptrace._private import private_file
    from smtptrace.clean import clean
    from smtptrace.replay.written import with_directions
    from smtptrace.transcripts.dialogue import write

    stream = private_file(output) if output else sys.stdout.buffer
    try:
        for trace, _ in run.raw():
            cleaned = clean(trace.session.connection)
            connection = with_directions(trace, cleaned.connection, expect) if expect else cleaned.connection
            stream.write(write(connection).encode("utf-8", "backslashreplace"))
            if cleaned.needs:
                click.echo(f"smtptrace: {len(cleaned.needs)} values are needed; see 'smtptrace clean --list'", err=True)
        stream.flush()
    finally:
        if output:
            stream.close()


def _list(run: Run) -> None:
    from smtptrace.clean import clean
    from smtptrace.outputs._text import visible
    from smtptrace.outputs.jsonl import line

    for trace, name in run.raw():
        for need in clean(trace.session.connection).needs:
            if run.as_json:
                record = {"schema": "smtptrace.need/1", "id": name, "name": need.name, "what": need.what}
                sys.stdout.buffer.write(line({**record, "frame": need.frame}))
            else:
                click.echo(f"{visible(name)}  {visible(need.name)}  {visible(need.what)}")
