"""The course of every reading command: its inputs one after the other, selected, masked, and accounted for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import click

from smtptrace import redact, sources
from smtptrace.auth import SecretIds
from smtptrace.cli._options import reading_options
from smtptrace.cli._progress import Progress
from smtptrace.coverage import Coverage
from smtptrace.errors import UnreadableError, UsageError
from smtptrace.outputs._text import visible
from smtptrace.outputs.jsonl import line, session_id, source_object
from smtptrace.select import Selection
from smtptrace.tcp import Limits
from smtptrace.trace import Options, Reading, Trace

__all__ = ["Run", "reading_options", "run_of"]


@dataclass(slots=True)
class Run:
    """One run over all inputs: what was asked, and what became of it."""

    files: Sequence[str]
    selection: Selection = field(default_factory=Selection)
    options: Options = field(default_factory=Options)
    as_json: bool = False
    show_secrets: bool = False
    merge: bool = False
    manifest: str | None = None
    level: str | None = None
    ids: SecretIds = field(default_factory=SecretIds)
    unreadable: list[str] = field(default_factory=list)
    readings: list[tuple[Reading, Coverage]] = field(default_factory=list)

    def traces(self) -> Iterator[tuple[Trace, str]]:
        """Each wanted session with its id, as soon as it ends, with its secrets masked or revealed."""
        if self.level not in (None, "secrets"):
            yield from self._without_people()
            return
        treat = redact.reveal if self.show_secrets else redact.mask
        for trace, name in self.raw():
            yield treat(trace), name

    def _without_people(self) -> Iterator[tuple[Trace, str]]:
        from smtptrace.pseudonymize import Names, learn_ahead, redacted

        names = Names()
        learn_ahead(self.ahead(), names)
        for trace, name in self.raw():
            shown, _ = redacted(trace, str(self.level), names)
            yield replace(shown, attempt=trace.attempt), name

    def ahead(self) -> Iterator[Trace]:
        """Every session of inputs that can be read twice, before they are read for the output; nothing is said of them.

        None of a pipe, which is gone once it was read.
        """
        if not all(Path(file).is_file() or Path(file).is_dir() for file in self.files):
            return
        asked = {each.name: getattr(self, each.name) for each in fields(self)}
        for trace, _ in _Ahead(**(asked | {"selection": Selection(), "unreadable": [], "readings": []})).raw():
            yield trace

    def raw(self) -> Iterator[tuple[Trace, str]]:
        """The same with secrets in their `Secret` objects and octets as captured, for verification and conversion."""
        paths = sources.expand(self.files)
        unknown = [file for file in self.options.clock_offsets if file not in paths]
        if unknown:
            raise UsageError(f"--clock-offset {visible(unknown[0])}: this is none of the files that are read")
        if self.merge:
            yield from self._one(paths, None)
            return
        for number, path in enumerate(paths, 1):
            yield from self._one((path,), number if len(paths) > 1 else None)

    def _one(self, paths: Sequence[str], number: int | None) -> Iterator[tuple[Trace, str]]:
        coverage = Coverage()
        try:
            reading = Reading(paths, self.options)
        except UnreadableError as error:
            self._complain(str(error))
            return
        try:
            with Progress(reading):
                for trace in reading:
                    name = session_id(trace.session.connection, number)
                    taken = self.selection.takes(trace, name)
                    coverage.add(trace, selected=taken)
                    if taken:
                        yield trace, name
        except UnreadableError as error:
            self._complain(str(error))
            if not any(part.report.packets for part in reading.parts):
                return
        self.readings.append((reading, coverage))
        for problem in reading.damage():
            self._complain(f"{problem}; what came before it was read")

    def _complain(self, problem: str) -> None:
        self.unreadable.append(problem)
        sys.stdout.flush()
        click.echo(f"smtptrace: {visible(problem)}", err=True)

    def finish(self) -> int:
        """Write the manifest that was asked for; the exit code is 3 where an input could not be read to its end."""
        if self.manifest:
            from smtptrace.manifest import write_manifest

            write_manifest(Path(self.manifest), [reading for reading, _ in self.readings], self._asked())
        return UnreadableError.exit_code if self.unreadable else 0

    def _asked(self) -> dict[str, Any]:
        return {
            "files": list(self.files),
            "merge": self.merge,
            "show_secrets": self.show_secrets,
            "redact": self.level,
            "selection": asdict(self.selection),
            "unreadable": self.unreadable,
        }

    def source_lines(self) -> Iterator[bytes]:
        """One line of JSON a source, for after the sessions."""
        for reading, coverage in self.readings:
            for part in reading.parts:
                yield line(source_object(reading, part, coverage, show_secrets=self.show_secrets))

    def say_what_is_shown(self) -> None:
        """That secrets stand in this output, above it."""
        if self.show_secrets:
            click.echo("secrets are shown (--show-secrets)")

    def say_not_found(self) -> None:
        """Where a filter took nothing, on what ground, on standard error."""
        if self.selection and not any(coverage.selected for _, coverage in self.readings):
            self.say_coverage()

    def say_coverage(self) -> None:
        """What the evidence holds and what not, on standard error."""
        from smtptrace.outputs.coverage import coverages

        for text in coverages(self.readings, filtered=bool(self.selection)):
            click.echo(text, err=True)


class _Ahead(Run):
    """A run before the one that counts: what is wrong with its inputs is said then."""

    def _complain(self, problem: str) -> None:
        self.unreadable.append(problem)


def run_of(
    *,
    files: Sequence[str],
    as_json: bool,
    show_secrets: bool,
    merge: bool,
    manifest: str | None,
    level: str | None,
    idle: int,
    max_flows: int,
    max_pending: int,
    clock_offsets: Sequence[tuple[str, int]],
    **others: Any,
) -> Run:
    """The run that the options of `reading_options` ask for.

    Raises:
        UsageError: an option names what does not exist.
    """
    _known("--engine", others["engine"], sources.ENGINES)
    selection = Selection(**{name: others.pop(name) for name in Selection.__dataclass_fields__})
    limits = Limits(idle_s=idle, flows=max_flows, pending_octets=max_pending)
    options = Options(limits=limits, clock_offsets=dict(clock_offsets), keep_events=level is not None, **others)
    if level is not None and show_secrets:
        raise UsageError("--redact hides what --show-secrets shows; choose one of them")
    return Run(files, selection, options, as_json, show_secrets, merge, manifest, level)


def _known(option: str, value: str | None, choices: Any) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"{option} {visible(value)} is not known; choose from {', '.join(choices)}")
