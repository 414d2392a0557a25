"""One session as a dialogue, line by line as it is said; when it has ended, the next one."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from smtptrace.cli._capture_views import PlainView, Scene, rest
from smtptrace.outputs._lines import Kind, Line, lines_of
from smtptrace.outputs.dialogue import concern, heading, reason, said
from smtptrace.record.live import Live
from smtptrace.trace import Trace

_DIGITS = 5

_Key = tuple[Kind, int | None, int | None]


class FollowView(PlainView):
    """Shows the first wanted session that goes on, then the next that does.

    Sessions that began before the one shown has ended are passed over.

    Args:
        scene: what is shown.
        console: where, standard output unless told otherwise.
    """

    def __init__(self, scene: Scene, console: Console | None = None) -> None:
        super().__init__(scene)
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._live: Live | None = None
        self._seen = 0
        self._next = 0.0
        self._told = _Told()
        self._passed: set[int] = set()
        if scene.show_secrets:
            self._console.print("secrets are shown (--show-secrets)")

    def moved(self, live: Live) -> None:
        """Take it up if none is shown and it is wanted."""
        if self._live is None and live.course.spoken and id(live) not in self._passed and self._wanted(live):
            self._live, self._seen, self._told = live, 0, _Told()
            self._next = 0.0
        if live is self._live:
            self._look()
        elif self._live is not None:
            self._passed.add(id(live))

    def _wanted(self, live: Live) -> bool:
        selection = self.scene.selection
        return not selection or selection.takes(live.course.so_far(), live.name)

    def ended(self, live: Live, trace: Trace | None) -> None:
        """Show what is left of the session that is shown, and what was concluded."""
        if self._live is None and id(live) not in self._passed:
            self._live, self._told = live, _Told()
        self._passed.discard(id(live))
        if live is self._live:
            self._live = None
            if trace is not None:
                self._print(self._told.rest(trace, live.name))
                self._console.print()

    def tick(self) -> None:
        """Look again; while much is said there is less time to look."""
        self._look()

    def _look(self) -> None:
        live, now = self._live, time.monotonic()
        if live is None or live.moves == self._seen or now < self._next:
            return
        self._seen = live.moves
        self._print(self._told.more(self.scene.treat(live.course.so_far()), live.name))
        self._next = now + rest(time.monotonic() - now)

    def _print(self, texts: Iterator[Text]) -> None:
        for text in texts:
            self._console.print(text)
        sys.stdout.flush()


class _Told:
    """What was told of a session, so that each line is told once."""

    def __init__(self) -> None:
        self._begun = False
        self._lines: Counter[_Key] = Counter()
        self._concluded: set[str] = set()

    def more(self, trace: Trace, name: str) -> Iterator[Text]:
        """What is new in a session that goes on."""
        if not self._begun:
            self._begun = True
            yield next(heading(trace, name))
        seen: Counter[_Key] = Counter()
        for line in lines_of(trace):
            key = (line.kind, line.time_ns, line.frame)
            seen[key] += 1
            if seen[key] > self._lines[key] and not _is_early(line, trace):
                self._lines[key] += 1
                yield from said(trace, line, _DIGITS)
        for finding in trace.findings:
            if self._is_new(finding.rule + finding.summary):
                yield concern(finding)
        for cause in trace.causes[:1]:
            if self._is_new(cause.slug):
                yield from reason(cause)

    def rest(self, trace: Trace, name: str) -> Iterator[Text]:
        """What is new when it has ended."""
        yield from self.more(trace, name)
        for cause in trace.causes[1:]:
            if self._is_new(cause.slug):
                yield from reason(cause)

    def _is_new(self, conclusion: str) -> bool:
        is_new = conclusion not in self._concluded
        self._concluded.add(conclusion)
        return is_new


def _is_early(line: Line, trace: Trace) -> bool:
    """Whether the line is told better when more has come: what is known of TLS before its version is."""
    tls, closes = trace.session.tls, trace.session.closes
    return line.kind is Kind.TLS and tls is not None and tls.version is None and not closes
