"""Segments in, batches of connection events out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smtptrace.segment import Segment
from smtptrace.tcp._half import JOIN, PLACE
from smtptrace.tcp._limits import Limits
from smtptrace.tcp._sequence import AHEAD, SEQUENCE
from smtptrace.tcp._table import NAP, Batch, Table
from smtptrace.wire import Origin

__all__ = ["Batch", "Limits", "follow"]

_PLAIN, _MARKS = 0x10, 0x37
"""Of FIN, SYN, RST, ACK and URG only ACK is set."""


def follow(  # noqa: PLR0912 - one loop, for speed
    segments: Iterable[Segment], origin: Origin, limits: Limits | None = None
) -> Iterator[Batch]:
    """Put the streams of every SMTP connection among the segments in order.

    Octets of one side that follow each other are joined, up to 32 KiB, until the other side speaks, and a batch has
    several such turns, as many as `limits` say. What is missing
    becomes a `Gap` as soon as nothing can fill it: at the end of the connection, when the other side has acknowledged
    it and 128 further packets did not bring it (or a minute passed, where nothing of the other side was captured), or
    when more than `limits` allow is held behind it. So packets may be in any order within 64 of their place. A RST
    counts after 128 further packets too, if nothing goes on then.
    Connections that are not SMTP are dropped after their first octets. At a pause all that is in order is handed on.
    """
    limits = limits or Limits()
    table = Table(origin, limits)
    halves, ready = table.halves, table.ready
    now = 0
    for now, segment in enumerate(segments):
        key, frame, time_ns, seq, ack, flags, payload, cut = segment
        if not now % NAP:
            table.wake(now, time_ns)
            yield from ready
            ready.clear()
        half = halves.get(key)
        if half is not None and flags & _MARKS == _PLAIN and (seq == half.expect or not payload) and not cut:
            half.seen_ns = time_ns
            known = half.ack
            if ack != known:
                if known is None or (ack - known) & AHEAD:
                    half.saw_ack(ack)
                else:
                    half.ack = ack
            if payload:
                before = half.before
                if before is not None and before.size:
                    flow, size = half.flow, before.size
                    flow.events.append(before.join())
                    before.turned += size
                    if before.turned >= limits.turns:
                        before.turned = 0
                        yield flow.connection, flow.events, False
                        flow.events = []
                half.pieces.append((payload, time_ns, frame))
                size = len(payload)
                half.expect = half.next = (seq + size) & SEQUENCE
                half.size = size = half.size + size + PLACE
                if size >= JOIN:
                    flow = half.flow
                    flow.tell(half)
                    yield flow.connection, flow.events, False
                    flow.events = []
        elif half is not None or payload or cut or flags & 2 or not key:
            if key:
                table.take(segment, now)
            else:
                table.pause(now, time_ns)
            yield from ready
            ready.clear()
    table.finish(now)
    yield from ready
