"""The file that a relay writes: what passes is in it before it is passed on."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

from smtptrace import pcapng
from smtptrace._private import private_file
from smtptrace.wire import Connection, Event

INTERVAL_S = 0.5
"""Within which `fast` writes what has passed."""
MOST_UNWRITTEN = 1024 * 1024
"""Octets of packets after which `fast` writes at once."""
PATIENCE_S = 5.0
"""How long a reply waits for the disk; then it is passed on, and that is told."""


class Recording:
    """A pcapng file that grows with what many connections say.

    Once made it never raises: where it cannot be written, that is told once and everything else goes on.

    Args:
        path: a new file; it gets mode 0600.
        tell: takes what has to be said loudly.
        fast: write at least every `INTERVAL_S` instead of at once, and never wait for the disk.

    Raises:
        UsageError: the file exists or cannot be made.
    """

    def __init__(self, path: Path, tell: Callable[[str], None], *, fast: bool = False) -> None:
        self._path = path
        self._tell = tell
        self._fast = fast
        self._file = private_file(path)
        self._unwritten = _Unwritten()
        self.size = 0
        self.failed = ""
        self._is_slow = False
        self._timer: asyncio.TimerHandle | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "fsync")
        self._packets = pcapng.Writer(cast(BinaryIO, self._unwritten))
        self._write()

    def begin(self, connection: Connection) -> Track:
        """A connection whose events follow."""
        return Track(self, connection)

    def open_course(self, connection: Connection) -> pcapng.Course:
        """The course of packets of a new connection."""
        return self._packets.begin(connection)

    def attempt(self, act: Callable[[], object]) -> None:
        """Do what makes packets, and write them; where this fails, nothing is recorded any more."""
        if self.failed:
            return
        try:
            act()
            if not self._fast or len(self._unwritten) > MOST_UNWRITTEN:
                self._write()
            elif self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._on_time)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the recorder, the mail has to go on
            self._stop(error)

    def _on_time(self) -> None:
        self._timer = None
        self.attempt(self._write)

    def _write(self) -> None:
        """Hand whole blocks to the system; what it takes of them in part is cut off again where no more can follow."""
        octets = self._unwritten.take()
        at = 0
        while at < len(octets):
            at += os.write(self._file.fileno(), octets[at:] if at else octets)
        self.size += len(octets)

    def _stop(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        self.failed = f"{self._path}: {why}"
        with contextlib.suppress(OSError):  # what is whole stays so; more cannot be done for it
            os.ftruncate(self._file.fileno(), self.size)
        self._tell(f"RECORDING HAS STOPPED: {self.failed}; {self.size} octets of it are kept")

    async def settle(self) -> None:
        """Wait until all that was recorded is on the disk; many wait for one and the same writing of it."""
        if self._fast or self.failed:
            return
        if self._next is None:
            self._next = asyncio.ensure_future(self._sync(self._syncing))
        done, _ = await asyncio.wait([self._next], timeout=0 if self._is_slow else PATIENCE_S)
        if not done and not self._is_slow:
            self._is_slow = True
            self._tell(f"{self._path}: the disk takes longer than {PATIENCE_S:.0f} s; replies no longer wait for it")

    async def _sync(self, before: asyncio.Task[None] | None) -> None:
        """Have the disk hold what is written by then; one that runs already may have begun too early."""
        if before is not None:
            await asyncio.wait([before])
        self._syncing, self._next = self._next, None
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, os.fsync, self._file.fileno())
            self._is_slow = False
        except OSError as error:
            if not self.failed:
                self._stop(error)

    def close(self) -> None:
        """Write what is left, have it on the disk, and close the file."""
        if self._timer is not None:
            self._timer.cancel()
        self.attempt(self._write)
        self._thread.shutdown()
        if not self.failed:
            self.attempt(lambda: os.fsync(self._file.fileno()))
        self._file.close()


class Track:
    """One connection in a recording; an event that comes after the recording stopped is dropped."""

    def __init__(self, recording: Recording, connection: Connection) -> None:
        self._recording = recording
        self._course: pcapng.Course | None = None
        recording.attempt(lambda: self._open(connection))

    def _open(self, connection: Connection) -> None:
        self._course = self._recording.open_course(connection)

    def feed(self, *events: Event) -> None:
        """Record the next events."""
        self._recording.attempt(lambda: self._feed(events))

    def _feed(self, events: tuple[Event, ...]) -> None:
        assert self._course is not None
        for event in events:
            self._course.feed(event)

    def remark(self, text: str) -> None:
        """Say something to people in the comments of the next packet; no reader of ours takes it for more."""
        if self._course is not None:
            self._course.remark(text)

    def finish(self) -> None:
        """The connection is over."""
        if self._course is not None:
            self._recording.attempt(self._course.finish)


class _Unwritten:
    """Takes packets until they are written in one go."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def __len__(self) -> int:
        return len(self._octets)

    def write(self, octets: bytes) -> None:
        self._octets += octets

    def flush(self) -> None:
        """Nothing: what is here is written by its owner."""

    def take(self) -> bytes:
        octets = bytes(self._octets)
        self._octets.clear()
        return octets
