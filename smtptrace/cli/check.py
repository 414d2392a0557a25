"""Say what is exposed, broken or odd, in sessions and over all of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from smtptrace.cli._reading import Run, reading_options, run_of
from smtptrace.errors import UsageError
from smtptrace.findings import Finding, Severity
from smtptrace.patterns import Inventory, Judge, Use, row_of
from smtptrace.trace import Trace

GROUP = "explain"

_LEVELS = tuple(severity.name.lower() for severity in Severity)
_FAILED = 1
_HEADINGS: tuple[str, ...] = (
    *("client", "helo", "user", "mechanism", "tls", "connector"),
    *("logins", "messages", "first", "last", "breaks"),
)


@click.command("check")
@reading_options
@click.option("--min-severity", type=click.Choice(_LEVELS), default="low", show_default=True, help="Leave out less.")
@click.option("--fail-on", type=click.Choice(_LEVELS), help="Exit with 1 where something of this severity is found.")
@click.option("--threshold", "thresholds", multiple=True, metavar="PATTERN.NAME=N", help="Another threshold.")
@click.option("--inventory", is_flag=True, help="Who uses the server how, and what old ways it depends on.")
def command(min_severity: str, fail_on: str | None, thresholds: Sequence[str], inventory: bool, **reading: Any) -> int:
    """Say what is exposed, broken or odd, with the lines that show it, harmless readings, and what to do.

    After the findings on single sessions come those over all of them: guessing, spraying, bursts, refused recipients.
    'smtptrace explain NAME' tells more of a rule and of the thresholds of a pattern.

    \b
    smtptrace check mail.pcapng
    smtptrace check --fail-on high --json *.pcap
    smtptrace check --threshold password-guessing.failures=5 mail.pcapng
    smtptrace check --inventory mail.pcapng
    """
    run = run_of(**reading)
    if inventory:
        _inventory(run)
        return run.finish()
    judge = Judge(dict(map(_threshold, thresholds)))
    worst, shown = -1, 0
    for finding, trace, name in _findings(run, judge):
        worst = max(worst, finding.severity)
        if finding.severity >= Severity[min_severity.upper()]:
            _show(run, finding, trace, name)
            shown += 1
    if not run.as_json:
        sys.stdout.flush()
        click.echo(f"{shown} finding{'' if shown == 1 else 's'} of {min_severity} severity or above, in", err=True)
        run.say_coverage()
    if judge.left_out:
        click.echo(f"smtptrace: {judge.left_out} sessions were not judged together: too many", err=True)
    failed = fail_on is not None and worst >= Severity[fail_on.upper()]
    return run.finish() or (_FAILED if failed else 0)


def _threshold(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise UsageError(f"--threshold {text}: write PATTERN.NAME=NUMBER") from None


def _findings(run: Run, judge: Judge) -> Iterator[tuple[Finding, Trace | None, str | None]]:
    """Those on each session as it ends, then those over all of them."""
    for trace, name in run.traces():
        judge.add(row_of(trace.session, trace.credentials, name, run.ids.of))
        for finding in trace.findings:
            yield finding, trace, name
    for finding in judge.findings():
        yield finding, None, None


def _show(run: Run, finding: Finding, trace: Trace | None, name: str | None) -> None:
    from smtptrace.outputs.jsonl import line
    from smtptrace.outputs.judgements import finding_lines, judgement_object

    if run.as_json:
        sys.stdout.buffer.write(line(judgement_object(finding, trace, name)))
        sys.stdout.buffer.flush()
        return
    for text in finding_lines(finding, trace.session.connection if trace else None, name):
        click.echo(text)


def _inventory(run: Run) -> None:
    from smtptrace.outputs.jsonl import line

    inventory = Inventory()
    for trace, name in run.traces():
        inventory.add(row_of(trace.session, trace.credentials, name, run.ids.of))
    uses = list(inventory.uses())
    if run.as_json:
        for use in uses:
            sys.stdout.buffer.write(line(_use_object(use)))
    else:
        _table(uses)
    if inventory.left_out:
        click.echo(f"smtptrace: {inventory.left_out} sessions are not in it: too many different uses", err=True)


def _use_object(use: Use) -> dict[str, Any]:
    from smtptrace.outputs._time import iso

    names = ("client", "helo", "user", "mechanism", "tls", "connector", "sessions", "logins", "refused", "messages")
    counted = {name: getattr(use, name) for name in names}
    times = {"first": iso(use.first_ns), "last": iso(use.last_ns)}
    return {"schema": "smtptrace.inventory/1", **counted, **times, "breaks": sorted(use.breaks)}


def _table(uses: Sequence[Use]) -> None:
    from smtptrace.outputs._text import visible
    from smtptrace.outputs._time import local

    rows: list[tuple[str, ...]] = [_HEADINGS]
    for use in uses:
        who = (use.client, use.helo, use.user, use.mechanism, use.tls, use.connector)
        counts = (str(use.logins), str(use.messages), local(use.first_ns), local(use.last_ns))
        rows.append((*(visible(name or "-", 40) for name in who), *counts, ",".join(sorted(use.breaks)) or "-"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
