"""Lines for standard output and standard error that never make anybody wait for who reads them."""

from __future__ import annotations

import queue
import sys
import threading

MOST_WAITING = 10_000
"""Lines that wait to be read; further ones are dropped, and counted."""


class Voice:
    """Says lines from a thread of its own; `with` says what is left, as far as somebody reads."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[bool, str] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._say_all, daemon=True)
        self.dropped = 0

    def out(self, line: str) -> None:
        """A line for standard output."""
        self._put(False, line)

    def err(self, line: str) -> None:
        """A line for standard error."""
        self._put(True, line)

    def _put(self, is_error: bool, line: str) -> None:
        try:
            self._lines.put_nowait((is_error, line))
        except queue.Full:
            self.dropped += 1

    def _say_all(self) -> None:
        while (said := self._lines.get()) is not None:
            stream = sys.stderr if said[0] else sys.stdout
            try:
                stream.write(said[1] + "\n")
                stream.flush()
            except (OSError, ValueError):
                continue  # nobody reads it any more; what goes on has nothing to do with that

    def __enter__(self) -> Voice:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._lines.put(None, timeout=2)
        except queue.Full:
            return
        self._thread.join(timeout=2)
