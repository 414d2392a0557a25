"""Play a session again at a server that you name, and show what differs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from smtptrace.cli._replay_options import replay_options

GROUP = "act"


@click.command("replay")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="HOST[:PORT]")
@replay_options
def command(source: str, target: str, **options: Any) -> int:
    """Play sessions of SOURCE again at HOST, and compare what the server says with what was recorded.

    SOURCE is a capture or a transcript. The target is never taken from it. Logins are made anew with the password of
    --password-fd, SMTPTRACE_PASSWORD (SMTPTRACE_TOKEN for a token) or the prompt. Unless the target is this machine,
    nothing is sent without --send, no recipient is written to that is not allowed or replaced, and no credentials go
    without TLS.

    \b
    smtptrace replay -s 7 mail.pcapng localhost:2525
    smtptrace replay --dry-run session.smtp mail.example:587
    smtptrace replay session.smtp mail.example:587 --send --to me@example.com --tls starttls

    Exit code: 0 the same, 1 a difference, 2 nothing was sent, 4 the target cannot be reached or broke.
    """
    from smtptrace.cli._replay_work import Work

    work = Work(source, target, options)
    if options["dry_run"]:
        return _dry_run(work)
    with ExitStack() as stack:
        save = _saver(options["save"], stack)
        work.refuse()
        return _finish(work, work.play(save, _printer(work)))


def _dry_run(work: Any) -> int:
    from smtptrace.cli._replay_text import plan_lines

    for text in plan_lines(work.scripts, str(work.first.target)):
        click.echo(text)
    for refusal in work.refusals():
        click.echo(f"needed: {refusal}")
    return 0


def _saver(path: Path | None, stack: ExitStack) -> Callable[[Any], None]:
    """What keeps a connection; the file is made before anything is sent."""
    if path is None:
        return lambda _: None
    from smtptrace._private import private_file
    from smtptrace.replay.save import checked, saver

    return saver(path, stack.enter_context(private_file(checked(path))))


def _printer(work: Any) -> Callable[[Any], None]:
    """What shows one outcome as soon as it is there."""
    from smtptrace.cli._replay_text import comparison_lines, result_lines
    from smtptrace.outputs.jsonl import line
    from smtptrace.replay.report import result_object, three_object

    def as_json(outcome: Any) -> None:
        one = outcome.first
        record = (
            result_object(one, work.source)
            if outcome.second is None
            else three_object(one, outcome.second, outcome.between, work.source)
        )
        sys.stdout.buffer.write(line(record))
        sys.stdout.buffer.flush()

    def as_text(outcome: Any) -> None:
        for result in (outcome.first, outcome.second):
            for text in result_lines(result) if result else ():
                click.echo(text)
        if outcome.between:
            click.echo("the two targets")
            for text in comparison_lines(outcome.between, str(outcome.first.target), str(outcome.second.target)):
                click.echo(text)

    return as_json if work.options["as_json"] else as_text


def _finish(work: Any, outcomes: Sequence[Any]) -> int:
    from smtptrace.cli._replay_text import table_lines
    from smtptrace.replay.compare import EXIT
    from smtptrace.replay.report import junit, worst

    results = [each for outcome in outcomes for each in (outcome.first, outcome.second) if each]
    if len(outcomes) > 1 and not work.options["as_json"]:
        for text in table_lines(results):
            click.echo(text)
    left = len(work.scripts) - len(outcomes)
    if left:
        click.echo(f"smtptrace: {left} sessions were left out after a difference", err=True)
    if work.options["junit"]:
        work.write(work.options["junit"], junit(results))
    between = [outcome.between.verdict for outcome in outcomes if outcome.between]
    return EXIT[worst([*(each.comparison.verdict for each in results), *between])]
