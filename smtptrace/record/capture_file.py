"""Captured packets as pcapng files that follow each other; each packet is one write, so that a kill loses none before.

The files are private, a file that exists is never overwritten, and a full disk ends the writing but not the watching.
"""

from __future__ import annotations

import errno
import io
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from smtptrace import __version__
from smtptrace._private import private_file
from smtptrace.errors import UsageError
from smtptrace.pcapng import _blocks
from smtptrace.sources._pcap import Packet

_UNITS = {
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30,
    "S": 1, "M": 60, "MIN": 60, "H": 3600, "D": 86_400,
}  # fmt: skip
_SIZES = frozenset({"KB", "MB", "GB", "KIB", "MIB", "GIB"})
_AMOUNT = re.compile(r"([0-9]{1,9})([A-Za-z]{1,3})")
_SMALLEST = 10_000


@dataclass(frozen=True, slots=True)
class Rotation:
    """When to go on in a new file: after so many octets, or nanoseconds, whichever comes first; None for never."""

    octets: int | None = None
    span_ns: int | None = None

    def __bool__(self) -> bool:
        return self.octets is not None or self.span_ns is not None


def seconds(text: str) -> int:
    """A time such as 90s, 15m, 1h or 1d (without a unit: seconds) in seconds.

    Raises:
        UsageError: it is none.
    """
    amount, unit = _amount(text if not text.isdecimal() else f"{text}s", "a time such as 90s, 15m or 1h")
    if unit in _SIZES:
        raise UsageError(f"'{text}' is no time such as 90s, 15m or 1h")
    return amount


def rotation(texts: tuple[str, ...]) -> Rotation:
    """What `--rotate` asks for: sizes such as 100MB and times such as 1h.

    Raises:
        UsageError: it is neither, or too little for a packet.
    """
    octets = span_ns = None
    for text in (part for each in texts for part in each.split(",")):
        amount, unit = _amount(text, "a size such as 100MB, or a time such as 1h")
        if unit not in _SIZES:
            span_ns = amount * 10**9
        elif amount < _SMALLEST:
            raise UsageError(f"--rotate {text}: at least 10KB are needed")
        else:
            octets = amount
    return Rotation(octets, span_ns)


def _amount(text: str, what: str) -> tuple[int, str]:
    found = _AMOUNT.fullmatch(text.strip())
    unit = found[2].upper() if found else ""
    if found is None or unit not in _UNITS or not int(found[1]):
        raise UsageError(f"'{text}' is not {what}")
    return int(found[1]) * _UNITS[unit], unit


class CaptureFile:
    """Where captured packets are written; `written` names the files there are, `octets` counts what was written.

    Args:
        path: the file, or what the files are named after where they follow each other.
        interface: what is captured, and with which filter ("" for none).
        when: when to go on in a new file.
        keep: how many files there are at most, the oldest are removed; None for all.
        complain: takes the line that says that writing has ended, or that a file could not be removed.

    Raises:
        UsageError: the first file exists, or cannot be made.
    """

    def __init__(
        self,
        path: Path,
        interface: tuple[str, str],
        when: Rotation,
        keep: int | None,
        complain: Callable[[str], None],
    ) -> None:
        self._path = path
        self._interface = interface
        self._when = when
        self._keep = keep
        self._complain = complain
        self._links: dict[int, int] = {}
        self._number = 0
        self.files = 0
        self.octets = 0
        self.written: deque[Path] = deque()
        self.stopped = ""
        self._begin(time.time_ns())

    def put(self, packet: Packet) -> None:
        """Write one packet, in a new file if it is time."""
        if self.stopped:
            return
        _, time_ns, link, buffer, start, stop, wire = packet
        try:
            if self._is_full(time_ns):
                self._raw.close()
                self._begin(time_ns)
            number = self._links.get(link)
            if number is None:
                number = self._links[link] = len(self._links)
                self._write(_blocks.interface(self._interface[0], link, self._interface[1]))
            self._write(_blocks.packet(time_ns, buffer[start:stop], wire, number=number))
        except (OSError, UsageError) as error:
            self._stop(error)

    def finish(self, dropped: Mapping[str, int]) -> None:
        """Write how many packets were lost, and close the file."""
        if self.stopped or self._raw.closed:
            return
        try:
            for number in self._links.values():
                counts = dropped.get("interface"), dropped.get("system")
                self._write(_blocks.statistics(number, time.time_ns(), *counts))
            self._raw.close()
        except OSError as error:
            self._stop(error)

    def _is_full(self, time_ns: int) -> bool:
        when = self._when
        if not self._links:  # a file has at least one packet
            return False
        return (when.octets is not None and self._size >= when.octets) or (
            when.span_ns is not None and time_ns - self._since_ns >= when.span_ns
        )

    def _begin(self, time_ns: int) -> None:
        self.files += 1
        path = self._name(time_ns)
        self._raw = cast(io.FileIO, cast(io.BufferedWriter, private_file(path)).detach())
        self.written.append(path)
        self._links, self._size, self._since_ns = {}, 0, time_ns
        self._write(_blocks.section(f"smtptrace {__version__}", f"packets as captured on {self._interface[0]}"))
        while self._keep is not None and len(self.written) > self._keep:
            oldest = self.written.popleft()
            try:
                oldest.unlink(missing_ok=True)
            except OSError as error:
                self._complain(f"{oldest}: cannot be removed: {error.strerror}")

    def _name(self, time_ns: int) -> Path:
        """The file itself, or NAME-NUMBER-TIME.pcapng where there will be several, so that they sort by time."""
        if not self._when:
            return self._path
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time_ns // 10**9))
        return self._path.with_name(f"{self._path.stem}-{self.files:05}-{moment}{self._path.suffix or '.pcapng'}")

    def _write(self, block: bytes) -> None:
        """Write a whole block or none of it."""
        written = self._raw.write(block)
        if written != len(block):
            self._raw.truncate(self._size)
            raise OSError(errno.ENOSPC, "no space left on device")
        self._size += written
        self.octets += written

    def _stop(self, error: OSError | UsageError) -> None:
        """No more is written; the file that was begun is whole up to here."""
        reason = str(error.strerror if isinstance(error, OSError) else error)
        self.stopped = reason[:1].lower() + reason[1:]
        self._raw.close()
        self._complain(f"RECORDING STOPPED: {self.written[-1]}: {self.stopped}; watching goes on, but nothing is kept")
