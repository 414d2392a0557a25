"""Signals that end a replay: what went over the wire until then is kept and told."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from smtptrace.cli._signals import ending
from smtptrace.replay.send import Halt


@contextmanager
def ended_by_signals(halts: Sequence[Halt]) -> Iterator[Callable[[], int]]:
    """While it lasts, a signal ends the sessions that run, and a second one, or one before any runs, everything.

    Gives what tells the number of the signal that came, 0 where none did.
    """
    came: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if came or not any(halt.wires for halt in halts):
            _leave(number)
        came.append(number)
        for halt in halts:
            halt.set()

    before = {number: signal.signal(number, end) for number in ending()}
    try:
        yield lambda: came[0] if came else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
