"""List the sessions, a line each."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Any

import click

from smtptrace.cli._reading import Run, reading_options, run_of
from smtptrace.trace import Trace

GROUP = "look"

_FIRST = 100
_MOMENT_S = 0.5
"""So many sessions, or what comes in this time, are waited for before the first line."""

_USUAL = ("id", "start", "client", "server", "helo", "tls", "auth", "from", "rcpt", "msgs", "last")


@click.command("list")
@reading_options
@click.option("--columns", metavar="NAMES", help="These columns, by name and comma, such as id,auth,last.")
@click.option("--wide", is_flag=True, help="Cut nothing.")
@click.option("--utc", is_flag=True, help="Times in UTC instead of the machine's zone.")
@click.option("--clock", is_flag=True, help="What each server and client says the time is, beside the capture's.")
def command(columns: str | None, wide: bool, utc: bool, clock: bool, **reading: Any) -> int:
    """List the sessions of captures and transcripts, a line each.

    FILE is a capture (pcap, pcapng, compressed or not), a transcript, or '-' for standard input.

    \b
    smtptrace list mail.pcapng
    smtptrace list --wide --columns id,client,auth,last *.pcap
    smtptrace list --json mail.pcapng | jq .auth
    """
    run = run_of(**reading)
    if clock:
        _clock(run)
    elif run.as_json:
        _json(run)
    else:
        _table(run, columns, wide, UTC if utc else None)
    return run.finish()


def _json(run: Run) -> None:
    from smtptrace.outputs.jsonl import line, session_object

    for trace, name in run.traces():
        sys.stdout.buffer.write(line({**session_object(trace, run.ids, name), "show_secrets": run.show_secrets}))
        sys.stdout.buffer.flush()
    for source in run.source_lines():
        sys.stdout.buffer.write(source)
    sys.stdout.buffer.flush()
    run.say_not_found()


def _table(run: Run, columns: str | None, wide: bool, zone: tzinfo | None) -> None:
    from rich.console import Console

    from smtptrace.outputs.table import fitting, layout

    console = Console(soft_wrap=True, highlight=False)
    names = _names(columns, several=len(run.files) > 1)
    width = console.width if console.is_terminal and not wide else None
    run.say_what_is_shown()
    traces = run.traces()
    first = _first(traces, live="-" in run.files)
    shown = names if width is None or columns else fitting(names, width, first, zone)
    lines = layout(shown, width, zone, first)
    if first:
        console.print(lines.heading(str(datetime.now(zone).astimezone(zone).tzname())))
    for trace, name in chain(first, traces):
        console.print(lines.row(trace, name))
    if not first and not run.unreadable and not run.selection:
        click.echo("smtptrace: no SMTP session was found", err=True)
    sys.stdout.flush()
    if len(shown) < len(names):
        left_out = ", ".join(name for name in names if name not in shown)
        click.echo(f"smtptrace: no room for {left_out}; --wide and --columns show them", err=True)
    run.say_coverage()


def _first(traces: Iterator[tuple[Trace, str]], *, live: bool) -> list[tuple[Trace, str]]:
    """The sessions that the columns are made for: what comes in the first moment, of a pipe only one."""
    began, found = time.monotonic(), []
    for each in traces:
        found.append(each)
        if live or len(found) == _FIRST or time.monotonic() - began > _MOMENT_S:
            break
    return found


def _clock(run: Run) -> None:
    from smtptrace.outputs.clock import clock_lines, clock_objects
    from smtptrace.outputs.jsonl import line

    traces = (trace for trace, _ in run.traces())
    if run.as_json:
        for record in clock_objects(traces):
            sys.stdout.buffer.write(line(record))
    else:
        for text in clock_lines(traces):
            click.echo(text)


def _names(columns: str | None, several: bool) -> Sequence[str]:
    from smtptrace.outputs.table import COLUMNS

    if columns is None:
        return (*_USUAL, "file") if several else _USUAL
    names = [name.strip().lower() for name in columns.split(",") if name.strip()]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or not names:
        raise click.BadParameter(
            f"{', '.join(unknown) or 'none'}: choose from {', '.join(COLUMNS)}", param_hint="--columns"
        )
    return names
