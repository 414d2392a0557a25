"""dumpcap on the loopback interface, so that a session that really happened can be read."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lab.process import Unavailable, need_root, tool

SETTLE_SECONDS = 0.4
"""Packets reach dumpcap a moment after they were sent."""


@contextlib.contextmanager
def recording(path: Path, *ports: int, interface: str = "lo") -> Iterator[Path]:
    """Record the TCP packets of `ports` into `path` (pcapng) while the block runs."""
    need_root("recording")
    wanted = " or ".join(f"tcp port {port}" for port in ports)
    argv = [tool("dumpcap"), "-q", "-i", interface, "-f", wanted, "-w", str(path)]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _await(process)
        yield path
        time.sleep(SETTLE_SECONDS)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def _await(process: subprocess.Popen[str]) -> None:
    assert process.stderr
    said = []
    for line in process.stderr:
        if line.startswith("File:"):
            return
        said.append(line)
    raise Unavailable("dumpcap does not record: " + " ".join(said))
