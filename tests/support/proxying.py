"""`smtptrace proxy` as a process of its own, as its users start it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Running:
    """A relay: where it listens, its files, and, once it has ended, what it said."""

    folder: Path
    process: subprocess.Popen[bytes]
    port: int = 0
    out: str = ""
    err: str = ""
    code: int | None = None
    recording: Path = field(init=False)
    authority: Path = field(init=False)

    def __post_init__(self) -> None:
        self.recording = self.folder / "run.pcapng"
        self.authority = self.folder / "ca.pem"

    def reports(self) -> list[dict[str, Any]]:
        """The JSON objects it said."""
        return [json.loads(line) for line in self.out.splitlines()]

    def end(self, sign: int = signal.SIGTERM) -> None:
        """End it and keep what it said."""
        if self.code is None:
            if self.process.poll() is None:
                self.process.send_signal(sign)
            self.code = self.process.wait(30)
            self.out, self.err = ((self.folder / name).read_text() for name in ("out", "err"))


@contextlib.contextmanager
def proxying(folder: Path, upstream: object, *options: object, wrapper: Sequence[str] = ()) -> Iterator[Running]:
    """A relay to an upstream; what it needs lies in `folder`, also its authority as `ca.pem`. It says JSON.

    `wrapper` are words of a command that runs it.
    """
    known = folder / "port"
    known.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "smtptrace", "proxy", "--upstream", upstream, "--port-file", known, "--json"]
    argv += ["-w", folder / "run.pcapng"] if "-w" not in options else []
    ours = {"--passthrough", "--cert"}.isdisjoint(map(str, options))
    argv += ["--ca-folder", folder / "ca", "--ca-out", folder / "ca.pem"] if ours else []
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [str(word) for word in (*wrapper, *argv, *options)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        running = Running(folder, process)
        try:
            until = time.monotonic() + 30
            while not known.exists():
                assert process.poll() is None and time.monotonic() < until, (folder / "err").read_text()
                time.sleep(0.02)
            running.port = int(known.read_text())
            yield running
        finally:
            running.end()
