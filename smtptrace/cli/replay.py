"""Play a session again at a server that you name, and show what differs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from smtptrace.cli._options import A_FILE
from smtptrace.cli._replay_options import replay_options
from smtptrace.cli._replay_script_options import script_options

GROUP = "act"


@click.command("replay")
@click.argument("source", type=A_FILE, metavar="SOURCE")
@click.argument("target", metavar="HOST[:PORT]")
@replay_options
@script_options
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
    smtptrace replay --all mail.pcapng --profile lab.toml

    Exit code: 0 the same, 1 a difference, 2 nothing was sent, 4 the target cannot be reached or broke.
    """
    from smtptrace.cli._replay_work import Work

    work = Work(source, _sites(target, options), options)
    if options["dry_run"]:
        return _dry_run(work)
    from smtptrace.replay.save import saving

    with saving(options["save"]) as save:
        work.refuse()
        return _finish(work, work.play(save, _printer(work)))


def _sites(target: str, options: dict[str, Any]) -> list[Any]:
    """The target, and the second one; what a profile permits holds at its own target."""
    from smtptrace.cli._replay_profile import elsewhere, is_own_target
    from smtptrace.cli._replay_site import site

    context = click.get_current_context()
    beside = elsewhere(context, options)
    found = [site(target, options if is_own_target(context, target) else beside)]
    return [*found, site(options["against"], beside, second=True)] if options["against"] else found


def _dry_run(work: Any) -> int:
    from smtptrace.cli._replay_text import plan_lines

    for text in plan_lines(work):
        click.echo(text)
    for refusal in work.refusals():
        click.echo(f"needed: {refusal}")
    return 0


def _printer(work: Any) -> Callable[[Any], None]:
    """What shows one outcome as soon as it is there; of many only those that differ, for a table says the rest."""
    from smtptrace.cli._replay_text import outcome_lines
    from smtptrace.outputs.jsonl import line
    from smtptrace.replay.report import outcome_object

    def as_json(outcome: Any) -> None:
        sys.stdout.buffer.write(line(outcome_object(outcome, work.source)))
        sys.stdout.buffer.flush()

    def as_text(outcome: Any) -> None:
        for text in outcome_lines(outcome):
            click.echo(text)

    def of_many(outcome: Any) -> None:
        if outcome.differs:
            as_text(outcome)

    return as_json if work.options["as_json"] else of_many if len(work.scripts) > 1 else as_text


def _finish(work: Any, outcomes: Sequence[Any]) -> int:
    from smtptrace.replay.compare import EXIT
    from smtptrace.replay.junit import junit, write_report
    from smtptrace.replay.report import suites, worst

    _say_all(work, outcomes)
    after = len(work.scripts) - len(outcomes)
    if after:
        why = "that were not begun" if work.ended_by else "left out after a difference"
        click.echo(f"smtptrace: sessions {why}: {after}", err=True)
    if work.options["junit"]:
        results = [each for outcome in outcomes for each in outcome.results]
        write_report(work.options["junit"], junit("smtptrace replay", suites(results, work.left)))
    if work.ended_by:
        click.echo("smtptrace: interrupted", err=True)
        return 128 + int(work.ended_by)
    return EXIT[worst([verdict for outcome in outcomes for verdict in outcome.verdicts])]


def _say_all(work: Any, outcomes: Sequence[Any]) -> None:
    """The table of many sessions, or what was not played."""
    from smtptrace.cli._replay_text import table_lines
    from smtptrace.outputs.jsonl import line
    from smtptrace.replay.report import not_played_object

    if work.options["as_json"]:
        for each in work.left:
            sys.stdout.buffer.write(line(not_played_object(each, work.source)))
        sys.stdout.buffer.flush()
    elif len(outcomes) + len(work.left) > 1:
        for text in table_lines(outcomes, work.left):
            click.echo(text)
