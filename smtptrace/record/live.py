"""Sessions as they go: live packets through the stages, each session told while it is open and when it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from smtptrace import tcp
from smtptrace.coverage import Coverage
from smtptrace.sources import SourceReport, capfile
from smtptrace.sources._layers import PAUSE
from smtptrace.sources._pcap import Packet
from smtptrace.trace import Course, Options, Trace
from smtptrace.wire import Connection, Origin

FORMAT = "pcap-live"


@dataclass(slots=True, eq=False)
class Live:
    """A session on the wire: `name` is its id, `moves` counts the times it went on, `trace` is there when it has ended.

    `trace` stays None for a connection that ended without a word, unless these were asked for.
    """

    name: str
    connection: Connection
    course: Course
    moves: int = 0
    ended: bool = False
    trace: Trace | None = None


@dataclass(slots=True)
class Watch:
    """What came of a capture so far: its packets, its sessions, and connections without a word by what came of them."""

    report: SourceReport
    options: Options = field(default_factory=lambda: Options(limits=tcp.Limits(turns=0)))
    coverage: Coverage = field(default_factory=Coverage)
    attempts: Counter[str] = field(default_factory=Counter)
    open: dict[int, Live] = field(default_factory=dict)

    def sessions(self, packets: Iterable[Packet]) -> Iterator[Live]:
        """Each session whenever it went on, for the last time when it has ended.

        Args:
            packets: as they come, with pauses between.
        """
        origin = Origin(self.report.path, FORMAT)
        segments = capfile.dissect(packets, self.report)
        for connection, events, ended in tcp.follow(segments, origin, self.options.limits):
            live = self.open.get(id(connection))
            if live is None:
                course = Course(connection, self.options)
                live = self.open[id(connection)] = Live(str(connection.number), connection, course)
            live.course.feed(events)
            live.moves += 1
            live.ended = ended
            if ended:
                del self.open[id(connection)]
                self._end(live)
            yield live

    def _end(self, live: Live) -> None:
        attempt = live.course.attempt
        if attempt is not None:
            self.attempts[attempt] += 1
        if attempt is None or self.options.attempts:
            live.trace = live.course.finish()
            live.trace.attempt = attempt


def kept(packets: Iterable[Packet], report: SourceReport, keep: Callable[[Packet], None]) -> Iterator[Packet]:
    """The packets, each handed to `keep` before it is read on, and counted in `report`."""
    for packet in packets:
        if packet[2] != PAUSE:
            keep(packet)
            report.packets = packet[0]
            report.first_ns = report.first_ns or packet[1]
            report.last_ns = packet[1]
        yield packet
