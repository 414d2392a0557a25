"""Live packets: an engine that reads an interface in a thread of its own, and pauses where none comes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from smtptrace.errors import MissingError, SmtptraceError
from smtptrace.sources._layers import PAUSE
from smtptrace.sources._pcap import Packet

MOST_WAITING = 64 * 1024 * 1024
"""Octets of packets that wait to be read; beyond it they wait in the system's buffer, which drops and counts them."""

PAUSE_S = 0.1
"""After so long without a packet there is a pause; under load there is one as often."""

_BURST = 64
_WEIGHT = 256
"""Octets that a packet takes beside its own."""
_ROOM_S = 0.005
_SHARE = 10
"""What is done at pauses takes at most one part in so many of the time."""


class Feed(Protocol):
    """An interface that was opened.

    `engine` names who reads it. `packets` blocks, and ends after `stop` or when the interface is gone; it counts frames
    from 1. `dropped` gives the packets dropped so far by who dropped them ("interface", "system").
    """

    engine: str

    def packets(self) -> Iterator[Packet]:
        """The packets as they come; raises MissingError where they stop coming."""

    def dropped(self) -> dict[str, int]:
        """How many were lost, as far as it is known by now."""

    def stop(self) -> None:
        """Let `packets` end; may be called from a signal handler."""

    def close(self) -> None:
        """Give the interface back."""


class Pump:
    """Takes the packets of a feed as soon as they come; iterate for them, with pauses between.

    Args:
        feed: the interface.
        tick: is called at each pause, in the thread that iterates.

    `problem` is there when the packets stopped coming without being told to.
    """

    def __init__(self, feed: Feed, tick: Callable[[], None] = lambda: None) -> None:
        self._feed = feed
        self.tick = tick
        self._waiting: deque[Packet] = deque()
        self._put = self._taken = 0
        self._more = threading.Event()
        self._over = threading.Event()
        self.problem: SmtptraceError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for packet in self._feed.packets():
                self._put += packet[6] + _WEIGHT
                self._waiting.append(packet)
                self._more.set()
                while self._put - self._taken > MOST_WAITING and not self._over.is_set():
                    time.sleep(_ROOM_S)
        except SmtptraceError as error:
            self.problem = error
        except OSError as error:  # the interface, or the program that reads it, is gone
            self.problem = MissingError(f"the capture broke off: {error.strerror or error}")
        finally:
            self._over.set()
            self._more.set()

    def __iter__(self) -> Iterator[Packet]:
        self._thread.start()
        waiting, frame, due = self._waiting, 0, time.monotonic()
        while True:
            for _ in range(min(_BURST, len(waiting))):
                packet = waiting.popleft()
                self._taken += packet[6] + _WEIGHT
                frame = packet[0]
                yield packet
            if not waiting:
                if self._over.is_set() and not waiting:
                    return
                self._more.clear()
                if not waiting and not self._over.is_set():
                    self._more.wait(PAUSE_S)
            now = time.monotonic()
            if now >= due:
                yield frame, time.time_ns(), PAUSE, b"", 0, 0, 0
                self.tick()
                due = now + max(PAUSE_S, _SHARE * (time.monotonic() - now))

    def close(self) -> None:
        """End the thread, whatever still waits."""
        self._over.set()
        self._feed.stop()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        self._feed.close()
