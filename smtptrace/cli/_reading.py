"""What every reading command has in common: its inputs, options, selection and the course of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from smtptrace import redact, sources
from smtptrace.auth import SecretIds
from smtptrace.cli._progress import Progress
from smtptrace.errors import UnreadableError
from smtptrace.outputs.jsonl import line, session_id, source_object
from smtptrace.trace import Options, Reading, Trace

F = TypeVar("F", bound=Callable[..., Any])


def reading_options(command: F) -> F:
    """The arguments and options of every command that reads sessions."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("files", nargs=-1, required=True, metavar="FILE..."),
    click.option(
        "-s", "--session", "wanted", multiple=True, metavar="ID", help="Only this session (as `list` names it)."
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    click.option("--show-secrets", is_flag=True, help="Show passwords and tokens; they are masked otherwise."),
    click.option("--digests", is_flag=True, help="Add SHA-256 of both streams to the JSON."),
    click.option("--engine", metavar="NAME", help="How to read captures: " + ", ".join(sources.ENGINES) + "."),
)


@dataclass(slots=True)
class Run:
    """One run over all inputs: what was asked, and what became of it."""

    files: Sequence[str]
    wanted: Sequence[str] = ()
    as_json: bool = False
    show_secrets: bool = False
    options: Options = field(default_factory=Options)
    ids: SecretIds = field(default_factory=SecretIds)
    unreadable: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    def traces(self) -> Iterator[tuple[Trace, str]]:
        """Each wanted session with its id, as soon as it ends, with its secrets masked or revealed."""
        treat = redact.reveal if self.show_secrets else redact.mask
        for trace, name in self.raw():
            yield treat(trace), name

    def raw(self) -> Iterator[tuple[Trace, str]]:
        """The same with secrets in their `Secret` objects and raw octets as captured; for verification only."""
        paths = sources.expand(self.files)
        for number, path in enumerate(paths, 1):
            yield from self._one(path, number if len(paths) > 1 else None)

    def _one(self, path: str, number: int | None) -> Iterator[tuple[Trace, str]]:
        try:
            reading = Reading(path, self.options)
            self.readings.append(reading)
            with Progress(reading):
                for trace in reading:
                    name = session_id(trace.session.connection, number)
                    if not self.wanted or name in self.wanted:
                        yield trace, name
        except UnreadableError as error:
            self._complain(str(error))
            return
        if reading.report.damage:
            self._complain(f"{reading.report.path}: {reading.report.damage}; what came before it was read")

    def _complain(self, problem: str) -> None:
        self.unreadable.append(problem)
        sys.stdout.flush()
        click.echo(f"smtptrace: {problem}", err=True)

    def finish(self) -> int:
        """The exit code: 3 where an input could not be read to its end."""
        return UnreadableError.exit_code if self.unreadable else 0

    def source_lines(self) -> Iterator[str]:
        """One line of JSON a source, for after the sessions."""
        for reading in self.readings:
            yield line(
                source_object(
                    reading.report,
                    reading.sessions,
                    reading.input.sha256(),
                    attempts={str(how.value if how else "no-words"): count for how, count in reading.attempts.items()},
                )
            )


def run_of(
    *, files: Sequence[str], wanted: Sequence[str], as_json: bool, show_secrets: bool, digests: bool, engine: str | None
) -> Run:
    """The run that the options of `reading_options` ask for."""
    if engine is not None and engine not in sources.ENGINES:
        raise click.BadParameter(f"'{engine}' is none of: {', '.join(sources.ENGINES)}", param_hint="--engine")
    return Run(files, wanted, as_json, show_secrets, Options(engine=engine, digests=digests))
