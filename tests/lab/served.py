"""`smtptrace serve` as its users start it: a process that waits for its clients."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Running:
    """A server that waits for its clients."""

    process: subprocess.Popen[str]
    port: int

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it said."""
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out + err


@contextlib.contextmanager
def serving(folder: Path, source: Path, *options: object, once: bool = True, password: str = "") -> Iterator[Running]:
    """Start it on a free port; with `password` it makes challenges anew and checks responses."""
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "smtptrace", "serve", source, *(["--once"] if once else [])]
    argv += ["--port-file", port_file, *options]
    env = {**os.environ, **({"SMTPTRACE_PASSWORD": password} if password else {})}
    with subprocess.Popen(
        [str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        try:
            while not port_file.exists() and process.poll() is None:
                time.sleep(0.02)
            if not port_file.exists():
                raise AssertionError(process.communicate()[1])
            yield Running(process, int(port_file.read_text()))
        finally:
            process.kill()
