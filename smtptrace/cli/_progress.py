"""A line on standard error that shows how far a long reading is; nothing where that is no terminal."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from smtptrace.outputs._text import visible
from smtptrace.trace import Reading

_FIRST_S = 1.0
_EVERY_S = 0.25


class Progress:
    """Shows packets and sessions of a reading from its second second on.

    Args:
        reading: the reading to watch.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _show(self) -> None:
        wait = _FIRST_S
        shown = False
        while not self._over.wait(wait):
            wait, shown = _EVERY_S, True
            sys.stderr.write(f"\r\x1b[K{self._said()}")
            sys.stderr.flush()
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _said(self) -> str:
        megabytes = sum(part.input.size for part in self._reading.parts) / 1e6
        name = visible(self._reading.parts[0].report.path)
        return f"{name}: {megabytes:,.0f} MB read, {self._reading.sessions:,} sessions"
