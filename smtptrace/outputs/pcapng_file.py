"""Packets that every reader of captures takes, with comments for what packets cannot say (docs/pcapng.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from smtptrace.edits import in_frame_order
from smtptrace.pcapng import Writer
from smtptrace.trace import Trace

FORMAT = "pcapng"


def writer(stream: BinaryIO) -> Callable[[Trace, str], None]:
    """What writes one session after the other to `stream`, from the events of its connection."""
    packets = Writer(stream)

    def session(trace: Trace, _name: str) -> None:
        course = packets.begin(trace.session.connection)
        for event in in_frame_order(trace.session.connection).events:
            course.feed(event)
        course.finish()

    return session
