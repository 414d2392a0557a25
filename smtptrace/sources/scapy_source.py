"""Capture files whose frames scapy dissects: for links and tunnels that our own reader does not know.

Containers, fragments and TCP are read by ourselves; scapy finds the innermost IP packet. Where it finds none, our own
layers are tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from smtptrace.sources import capfile
from smtptrace.sources._layers import LAYERS, LINK, Skip
from smtptrace.sources._unwrap import Unwrap

if TYPE_CHECKING:
    from smtptrace.segment import Segment
    from smtptrace.sources import SourceReport

claims = capfile.claims


def segments(stream: BinaryIO, report: SourceReport) -> Iterator[Segment]:
    """One tuple for each TCP packet, in file order; damage ends the iteration and is told in `report.damage`."""
    from smtptrace.sources._scapy_links import ip_within

    report.engine = "scapy"
    unwrap = Unwrap(report)
    for frame, time_ns, link, buffer, start, stop, wire in capfile.packets(stream, report):
        packet, cut = buffer[start:stop], max(wire - (stop - start), 0)
        try:
            key, packet = ip_within(link, packet)
        except Skip as skip:
            key = LINK + link
            if key not in LAYERS:
                report.skipped[str(skip)] += 1
                continue
        segment = unwrap(key, packet, len(packet) + cut, frame, time_ns)
        if segment is not None:
            yield segment
    unwrap.finish()
