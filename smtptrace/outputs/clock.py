"""Clock witnesses of each server: how far the times that were said are from the capture's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

from smtptrace.clock import Witness, witnesses
from smtptrace.outputs._text import visible
from smtptrace.outputs._time import iso
from smtptrace.trace import Trace


def clock_objects(traces: Iterable[Trace]) -> Iterator[dict[str, Any]]:
    """One smtptrace.clock/1 a witness."""
    for trace in traces:
        connection = trace.session.connection
        for witness in witnesses(trace):
            yield {
                "schema": "smtptrace.clock/1",
                "server": str(connection.server),
                "client": str(connection.client),
                "kind": witness.kind,
                "whose": witness.whose,
                "said": iso(witness.said_ns),
                "seen": iso(witness.seen_ns),
                "offset_s": round(witness.offset_s, 3),
                "frame": connection.origin.locate(witness.frame)[1],
            }


def clock_lines(traces: Iterable[Trace]) -> Iterator[str]:
    """For each server and kind of witness, how many there are and the middle of their offsets."""
    found: dict[str, dict[tuple[str, str], list[Witness]]] = defaultdict(lambda: defaultdict(list))
    for trace in traces:
        for witness in witnesses(trace):
            found[str(trace.session.connection.server)][witness.kind, witness.whose].append(witness)
    for server, kinds in found.items():
        yield visible(server)
        for (kind, whose), said in kinds.items():
            offsets = [witness.offset_s for witness in said]
            range_s = f"{min(offsets):+.1f} to {max(offsets):+.1f} s"
            yield f"  {kind:15} {whose:7} {len(said):5}  middle {median(offsets):+.1f} s  ({range_s})"
    if found:
        yield "Offsets are what was said less the capture's time; nothing is moved by them (see --clock-offset)."
    else:
        yield "No statement about the time was found that could be compared with the capture's."
