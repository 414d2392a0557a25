"""A person at a terminal: a program on a pty, and keys pressed one after the other."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.process import tool

KEY_SECONDS = 0.012
"""Between two keys: slow enough that each gets a packet of its own."""


@dataclass(slots=True)
class Terminal:
    """The terminal's end of the pty; `screen` is everything that was shown."""

    fd: int
    screen: bytearray = field(default_factory=bytearray)

    def wait_for(self, pattern: bytes, seconds: float = 10) -> None:
        """Read until `pattern` is on the screen below what was there before."""
        seen, deadline = len(self.screen), time.monotonic() + seconds
        while not re.search(pattern, self.screen[seen:]):
            if time.monotonic() > deadline or not self._read(deadline - time.monotonic()):
                raise TimeoutError(f"{pattern!r} did not come; the screen shows {bytes(self.screen[seen:])!r}")

    def type(self, keys: bytes) -> None:
        """Press the keys of `keys`, one octet each."""
        for key in keys:
            os.write(self.fd, bytes([key]))
            time.sleep(KEY_SECONDS)

    def _read(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.fd], [], [], max(seconds, 0))
        if not readable:
            return False
        try:
            self.screen += os.read(self.fd, 65536)
        except OSError:  # the program has gone
            return False
        return True

    def drain(self, seconds: float = 0.5) -> None:
        """Read what is still to come."""
        while self._read(seconds):
            pass


@contextlib.contextmanager
def terminal(*argv: str) -> Iterator[Terminal]:
    """Run a program on a pty of its own."""
    path = tool(argv[0])
    child, fd = pty.fork()
    if child == 0:
        os.execv(path, list(argv))
    shown = Terminal(fd)
    try:
        yield shown
        shown.drain()
    finally:
        os.close(fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
