"""Packets of dialogues as if they came from an interface, without one."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event

from smtptrace import pcapng
from smtptrace.sources import SourceReport, capfile
from smtptrace.sources._layers import PAUSE
from smtptrace.sources._pcap import Packet
from support.dialogue import connection

CLOSED = """
    -- close C fin
    -- close S fin
"""


def packets(*scripts: str) -> list[Packet]:
    """The packets of dialogues, one after the other."""
    stream = io.BytesIO()
    pcapng.write(stream, [connection(script) for script in scripts])
    stream.seek(0)
    return list(capfile.packets(stream, SourceReport()))


def paused(given: Sequence[Packet]) -> Iterator[Packet]:
    """The packets with a pause after each."""
    for packet in given:
        yield packet
        yield packet[0], packet[1], PAUSE, b"", 0, 0, 0


@dataclass
class FakeFeed:
    """An interface on which these packets come; then it waits to be stopped, unless it ends by itself."""

    given: Sequence[Packet]
    ends: bool = True
    error: Exception | None = None
    engine: str = "fake"
    lost: dict[str, int] = field(default_factory=dict)
    closed: bool = False

    def __post_init__(self) -> None:
        self._stopped = Event()

    def packets(self) -> Iterator[Packet]:
        """The packets, and the error if there is one."""
        yield from self.given
        if self.error is not None:
            raise self.error
        if not self.ends:
            assert self._stopped.wait(20), "nobody stopped it"

    def dropped(self) -> dict[str, int]:
        """What was to be said of losses."""
        return self.lost

    def stop(self) -> None:
        """End."""
        self._stopped.set()

    def close(self) -> None:
        """Note it."""
        self.closed = True
