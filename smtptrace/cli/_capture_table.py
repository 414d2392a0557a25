"""The live table: a row for each session that has ended, and below them the open ones as they go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import islice
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live as Region
from rich.text import Text

from smtptrace.cli._capture_views import COLUMNS, PlainView, Scene, rest
from smtptrace.findings import Severity
from smtptrace.outputs._text import visible
from smtptrace.outputs.table import Layout, fitting, layout
from smtptrace.record.live import Live
from smtptrace.trace import Trace

MOST_LOOKED_AT = 100
"""Open sessions, those that went on last, among which the ones to show are looked for."""

REFRESH_S = 0.2
_INDENT = 15


class TableView(PlainView):
    """Rows that stay above a region that is drawn anew.

    Args:
        scene: what is shown.
        zone: of the times, None for the machine's own.
        console: where, standard output unless told otherwise.
    """

    def __init__(self, scene: Scene, zone: tzinfo | None, console: Console | None = None) -> None:
        super().__init__(scene)
        self._zone = zone
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._region = Region(console=self._console, auto_refresh=False, transient=True)
        self._moved: dict[int, Live] = {}
        self._rows: dict[int, tuple[int, list[Text]]] = {}
        self._ended: list[Text] = []
        self._next = 0.0
        self._width = 0
        self._layout = layout(COLUMNS, None, zone)

    def __enter__(self) -> Self:
        self._fit()
        if self.scene.show_secrets:
            self._console.print("secrets are shown (--show-secrets)")
        self._region.start()
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Take the region away, if it is still there."""
        self.close()

    def moved(self, live: Live) -> None:
        """It is drawn when it is time."""
        self._moved.pop(id(live), None)
        self._moved[id(live)] = live  # the last to go on is the last of them

    def ended(self, live: Live, trace: Trace | None) -> None:
        """Its row stays, with what was concluded under it."""
        self._moved.pop(id(live), None)
        self._rows.pop(id(live), None)
        if trace is not None:
            self._ended.append(self._layout.row(trace, live.name))
            for label, text in _conclusions(trace):
                for at, line in enumerate(text.wrap(self._console, max(self._width - _INDENT, _INDENT))):
                    self._ended.append(_behind("" if at else label, line))

    def tick(self) -> None:
        """Draw the open sessions and the state anew, not too often."""
        now = time.monotonic()
        if now >= self._next:
            self._draw()
            self._next = now + max(REFRESH_S, rest(time.monotonic() - now))

    def say(self, text: str) -> None:
        """Above the table, where it stays."""
        self._keep_ended()
        self._console.print(Text(text, style="bold red"))

    def close(self) -> None:
        """Take the region away; the rows stay."""
        self._keep_ended()
        self._region.update(Text(""))
        self._region.stop()

    def _fit(self) -> None:
        """Lay the columns out for the terminal as wide as it is now; where that changed the heading comes again."""
        if self._console.width == self._width:
            return
        self._width = self._console.width
        self._rows.clear()
        self._layout = _laid_out(self._width, self._zone)
        zone_name = str(datetime.now(self._zone).astimezone(self._zone).tzname())
        self._console.print(self._layout.heading(zone_name))

    def _keep_ended(self) -> None:
        """Print what has ended, all at once: each time the region is drawn anew."""
        if self._ended:
            self._console.print(Text("\n").join(self._ended))
            self._ended = []

    def _draw(self) -> None:
        self._fit()
        self._keep_ended()
        status = Text(self.scene.status(time.monotonic()), style="reverse")
        lines = self._open_ones(max(self._console.height - 4, 1))
        self._region.update(Group(*map(_one_line, [*lines, status])), refresh=True)

    def _open_ones(self, room: int) -> list[Text]:
        """The open sessions that went on last, as far as there is room; the last of them stands last."""
        lines: list[Text] = []
        shown = 0
        for live in islice(reversed(self._moved.values()), MOST_LOOKED_AT):
            these = self._open(live)
            if len(lines) + len(these) > room - 1:
                break
            lines[:0] = these
            shown += bool(these)
        more = len(self.scene.watch.open) - shown
        if more > 0 and not self.scene.selection:
            lines.insert(0, Text(f"... {more} more open connections", style="dim"))
        return lines

    def _open(self, live: Live) -> list[Text]:
        """The row of an open session, and why it seems to fail; made anew only where it went on."""
        known = self._rows.get(id(live))
        if known is not None and known[0] == live.moves:
            return known[1]
        trace = live.course.so_far()
        lines = []
        if live.course.spoken and self.scene.selection.takes(trace, live.name):
            trace = self.scene.treat(trace)
            row = self._layout.row(trace, live.name)
            row.stylize("italic")
            lines = [row, *(_behind(label, text) for label, text in _conclusions(trace))]
        self._rows[id(live)] = live.moves, lines
        return lines


def _laid_out(width: int, zone: tzinfo | None) -> Layout:
    return layout(fitting(COLUMNS, width), width, zone)


def _conclusions(trace: Trace) -> Iterator[tuple[str, Text]]:
    """The likeliest cause and what to do, and the findings that matter; each with what it is."""
    for cause in trace.causes[:1]:
        yield "cause", Text(f"{cause.confidence:.0%} {visible(cause.summary)} ({cause.slug})", style="red")
        yield "fix", Text(visible(cause.fix))
    for finding in trace.findings:
        if finding.severity >= Severity.MEDIUM:
            said = f"{finding.severity.name.lower()}: {visible(finding.summary)} ({finding.rule})"
            yield "finding", Text(said, style="yellow")


def _behind(label: str, text: Text) -> Text:
    return Text(f"{label:>{_INDENT - 2}}  ", style="dim").append_text(text)


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
