"""tshark as a child process: a fixed argument list, settings of its own, a limit on its time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from smtptrace.errors import MissingError

LONGEST_RUN_S = 3600
"""tshark is ended after so many seconds."""

_PIECE = 1024 * 1024
_WINDOWS_PATH = Path(r"C:\Program Files\Wireshark\tshark.exe")
_INSTALL = {
    "win32": "winget install WiresharkFoundation.Wireshark",
    "darwin": "brew install wireshark",
    "linux": "sudo apt-get install tshark",
}


def program() -> str:
    """The path of tshark; raises MissingError with the command that installs it."""
    found = shutil.which("tshark") or (str(_WINDOWS_PATH) if _WINDOWS_PATH.exists() else None)
    if found is None:
        command = _INSTALL.get(sys.platform, _INSTALL["linux"])
        raise MissingError(f"this needs tshark, which is not installed; install it with: {command}")
    return found


class Tshark:
    """One run of tshark, a context manager; `folder` is private to it, for files that its arguments name."""

    def __init__(self) -> None:
        self._program = program()
        self._directory = TemporaryDirectory(prefix="smtptrace-")
        self.folder = Path(self._directory.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def lines(self, *arguments: str) -> Iterator[bytes]:
        """Start tshark and give what it prints, line by line without their ends; paths must be absolute."""
        settings = self.folder / "settings"
        settings.mkdir(exist_ok=True)
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "WIRESHARK_CONFIG_DIR": str(settings)}
        with (self.folder / "complaints").open("wb") as complaints:
            self._process = subprocess.Popen(
                [self._program, "-n", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=environment,
                bufsize=_PIECE,
            )
        timer = threading.Timer(LONGEST_RUN_S, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            for line in self._process.stdout or ():
                yield line.rstrip(b"\r\n")
            self._process.wait()
        finally:
            timer.cancel()
            self._end()

    def complaint(self) -> str | None:
        """Why tshark did not read all, one line; None where it did."""
        if self._late:
            return f"tshark took longer than {LONGEST_RUN_S} seconds"
        if self._process is None or not self._process.poll():
            return None
        text = (self.folder / "complaints").read_text(encoding="utf-8", errors="replace")
        said = [line.removeprefix("tshark: ") for line in text.splitlines() if line.startswith("tshark: ")]
        if not said:
            return f"tshark ended with code {self._process.returncode}"
        return re.sub(r'^The file "[^"]*"', "the file", said[-1])

    def _give_up(self) -> None:
        self._late = True
        if self._process is not None:
            self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._directory.cleanup()

    def _end(self) -> None:
        """See to it that the process is gone, whether it came to its end or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
