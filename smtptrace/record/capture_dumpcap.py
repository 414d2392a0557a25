"""Live packets through dumpcap, Wireshark's own capture program."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from smtptrace.errors import MissingError, SmtptraceError, UsageError
from smtptrace.record.capture_scapy import denied
from smtptrace.sources import SourceReport, capfile
from smtptrace.sources._pcap import Packet

ENGINE = "dumpcap"

_BUFFER_MIB = "32"
_END_S = 5
_LINE = re.compile(r"[0-9]+\. (\S+)(?: \((.*)\))?")


def program() -> str | None:
    """The path of dumpcap, None where it is not installed or not ours to run."""
    return shutil.which("dumpcap")


class DumpcapFeed:
    """An interface read by dumpcap as a child process.

    Args:
        interface: its name.
        capture_filter: in libpcap's words, "" for none.

    Raises:
        UsageError: there is no such interface, or the filter is none.
        MissingError: dumpcap is not installed, or may not read it.
    """

    engine = ENGINE

    def __init__(self, interface: str, capture_filter: str) -> None:
        if interface.isdigit() or re.search(r"[/@]|^-", interface):  # which dumpcap takes for something else
            raise _unknown(interface)
        self._interface = interface
        self._report = SourceReport(path=interface)
        wanted = ["-f", capture_filter] if capture_filter else []
        argv = [_program(), "-q", "-i", interface, *wanted, "-B", _BUFFER_MIB, "-w", "-"]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        self._child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._said, process_group=0
        )
        if not self._stream.peek(1):  # type: ignore[attr-defined]
            error = self._why(capture_filter)
            self.close()
            raise error

    @property
    def _stream(self) -> BinaryIO:
        return cast(BinaryIO, self._child.stdout)

    def packets(self) -> Iterator[Packet]:
        """The packets as they come."""
        yield from capfile.packets(self._stream, self._report)
        if self._child.wait() or self._report.damage:
            raise MissingError(f"{self._interface}: dumpcap broke off: {self._last_line() or self._report.damage}")

    def dropped(self) -> dict[str, int]:
        """What dumpcap tells of losses; it does so when it ends."""
        told = self._report.drops.items()
        return {by: count for name, count in told for by in ("interface", "system") if name.endswith(f"by the {by}")}

    def stop(self) -> None:
        """Have dumpcap write what it has, and end."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)

    def close(self) -> None:
        """End the child."""
        self.stop()
        self._stream.close()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._said.close()

    def _why(self, capture_filter: str) -> SmtptraceError:
        """Why it did not begin, by what it said."""
        self._child.wait()
        said = self._lines()
        text = " ".join(said)
        if "permission" in text:
            return denied(self._interface)
        if "Invalid capture filter" in text:
            reason = next((found[1] for found in (re.search(r"filter \((.*)\)", line) for line in said) if found), "")
            return UsageError(f"'{capture_filter}' is no capture filter: {reason}; such as: tcp port 25")
        if "no device named" in text or "No such device" in text:
            return _unknown(self._interface)
        return MissingError(f"{self._interface}: dumpcap does not capture: {self._last_line()}")

    def _lines(self) -> list[str]:
        self._said.seek(0)
        lines = self._said.read(65_536).decode("utf-8", "replace").split("\n")
        return [line.strip() for line in lines if line.strip()]

    def _last_line(self) -> str:
        return next((line for line in self._lines() if line.startswith("dumpcap:")), "it says nothing")


def interfaces() -> list[tuple[str, str]]:
    """The interfaces that dumpcap knows, by name, with what they are."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run([_program(), "-D"], capture_output=True, text=True, timeout=10, check=False)
        found = (_LINE.fullmatch(line.strip()) for line in done.stdout.split("\n"))
        return [(each[1], each[2] or "") for each in found if each]
    return []


def _program() -> str:
    path = program()
    if path is None:
        raise MissingError("dumpcap is not installed: install it (apt install tshark), or use --engine scapy")
    return path


def _unknown(interface: str) -> UsageError:
    return UsageError(f"{interface}: there is no such interface; 'smtptrace capture -D' lists them")
