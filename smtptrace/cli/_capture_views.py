"""How sessions on an interface are shown: what all views share, and a line or an object for each that has ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, tzinfo
from types import TracebackType
from typing import Any, Protocol, Self

import click

from smtptrace.auth import SecretIds
from smtptrace.outputs._time import iso
from smtptrace.outputs.coverage import OUTCOMES
from smtptrace.outputs.jsonl import line, session_object
from smtptrace.record.capture_feed import Feed
from smtptrace.record.capture_file import CaptureFile
from smtptrace.record.live import Live, Watch
from smtptrace.select import Selection
from smtptrace.trace import Trace

COLUMNS = ("id", "start", "client", "server", "helo", "tls", "auth", "from", "rcpt", "msgs", "last")


IDLE_SHARE = 10
LONGEST_REST_S = 1.0


@dataclass(slots=True)
class Scene:
    """What is shown: the sessions, which of them are wanted, and how secrets are treated."""

    watch: Watch
    treat: Callable[[Trace], Trace]
    selection: Selection
    feed: Feed
    file: CaptureFile | None = None
    show_secrets: bool = False
    ids: SecretIds = field(default_factory=SecretIds)
    since: float = field(default_factory=time.monotonic)

    def status(self, now: float) -> str:
        """The state of the capture in one line."""
        report = self.watch.report
        parts = [
            f"{report.path} ({report.engine}) {int(now - self.since)} s",
            f"{report.packets:,} packets",
            *(f"{count:,} DROPPED by the {by}" for by, count in self.feed.dropped().items() if count),
            f"{self.watch.coverage.sessions:,} sessions",
        ]
        if self.file is not None:
            parts.append(self._kept(self.file))
        return ", ".join(parts)

    def _kept(self, file: CaptureFile) -> str:
        if file.stopped:
            return f"NOT RECORDED: {file.stopped}"
        return f"{size(file.octets)} kept in {file.written[-1].name}"

    def summary(self, now: float) -> Iterator[str]:
        """What came of the capture."""
        watch, report = self.watch, self.watch.report
        lost = ", ".join(f"{count:,} dropped by the {by}" for by, count in self.feed.dropped().items() if count)
        yield (
            f"{report.path}: {report.packets:,} packets in {now - self.since:.0f} s, {lost or 'none dropped'}; "
            f"{watch.coverage.sessions:,} sessions, {watch.coverage.readable:,} of them whole and readable"
        )
        for how, count in watch.attempts.items():
            yield f"{count:,} connections without a word: {OUTCOMES[how]}"
        if self.file is not None:
            kept = ", ".join(map(str, list(self.file.written)[-3:]))
            files = "1 file" if self.file.files == 1 else f"{self.file.files:,} files"
            yield f"{size(self.file.octets)} written in {files} (mode 0600): {kept}"
            if self.file.stopped:
                yield f"RECORDING STOPPED before the end: {self.file.stopped}"
        if self.selection and not watch.coverage.selected:
            yield watch.coverage.not_found(watch.attempts["headers-only"])


def size(octets: int) -> str:
    """A number of octets for people."""
    return f"{octets / 1e6:,.1f} MB" if octets >= 1e6 else f"{octets / 1e3:,.1f} KB"


def rest(cost_s: float) -> float:
    """Seconds until the next look at open sessions, after one that took so long: it is to take a tenth of the time.

    A second at most: the first look loads what judges sessions.
    """
    return min(IDLE_SHARE * cost_s, LONGEST_REST_S)


class View(Protocol):
    """Shows sessions; all calls come from one thread."""

    def moved(self, live: Live) -> None:
        """A session went on."""

    def ended(self, live: Live, trace: Trace | None) -> None:
        """A session has ended; `trace` is what to show of it, None where it is not wanted."""

    def tick(self) -> None:
        """A moment has passed."""

    def say(self, text: str) -> None:
        """Say what must not be overlooked."""

    def close(self) -> None:
        """The capture has ended."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None: ...


def view_of(scene: Scene, options: dict[str, Any]) -> AbstractContextManager[View]:
    """The view that the options, and standard output, ask for."""
    zone = UTC if options["utc"] else None
    if options["follow"]:
        from smtptrace.cli._capture_follow import FollowView

        return FollowView(scene)
    if options["as_json"]:
        return JsonView(scene)
    if sys.stdout.isatty():
        from smtptrace.cli._capture_table import TableView

        return TableView(scene, zone)
    return LinesView(scene, zone)


class PlainView:
    """Shows nothing; what views have in common."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def moved(self, live: Live) -> None:
        """Nothing is shown of open sessions."""

    def ended(self, live: Live, trace: Trace | None) -> None:
        """Nothing is shown."""

    def tick(self) -> None:
        """Nothing changes by itself."""

    def say(self, text: str) -> None:
        """On standard error."""
        sys.stdout.flush()
        click.echo(click.style(text, fg="red", bold=True), err=True)

    def close(self) -> None:
        """Nothing is left to show."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Nothing was changed."""


class LinesView(PlainView):
    """One line a session when it has ended, uncut, with the likeliest cause behind it."""

    def __init__(self, scene: Scene, zone: tzinfo | None) -> None:
        from smtptrace.outputs.table import layout

        super().__init__(scene)
        self._lines = layout(COLUMNS, None, zone)
        heading = self._lines.heading(str(datetime.now(zone).astimezone(zone).tzname()))
        click.echo(heading.plain)
        if scene.show_secrets:
            click.echo("secrets are shown (--show-secrets)")
        sys.stdout.flush()

    def ended(self, live: Live, trace: Trace | None) -> None:
        """Its line."""
        if trace is not None:
            cause = f"  [{trace.causes[0].slug}]" if trace.causes else ""
            click.echo(self._lines.row(trace, live.name).plain + cause)
            sys.stdout.flush()


class JsonView(PlainView):
    """One object a session when it has ended (smtptrace.session/1), and one of the capture (smtptrace.source/1)."""

    def ended(self, live: Live, trace: Trace | None) -> None:
        """Its object."""
        if trace is not None:
            record = session_object(trace, self.scene.ids, live.name)
            self._write({**record, "show_secrets": self.scene.show_secrets})

    def close(self) -> None:
        """The object of the capture."""
        watch, file = self.scene.watch, self.scene.file
        report = watch.report
        self._write(
            {
                "schema": "smtptrace.source/1",
                "path": report.path,
                "sha256": None,
                "format": report.format,
                "engine": report.engine,
                "packets": report.packets,
                "skipped": dict(report.skipped),
                "sessions": watch.coverage.sessions,
                "first": iso(report.first_ns),
                "last": iso(report.last_ns),
                "damage": file.stopped if file is not None and file.stopped else None,
                "notices": list(report.notices),
                "clock_offset_s": 0.0,
                "show_secrets": self.scene.show_secrets,
                "attempts": dict(watch.attempts),
                "coverage": {**asdict(watch.coverage), "silences": [], "drops": self.scene.feed.dropped()},
                "written": [str(path) for path in file.written] if file is not None else [],
            }
        )

    def _write(self, record: dict[str, Any]) -> None:
        sys.stdout.buffer.write(line(record))
        sys.stdout.buffer.flush()
