"""The `C:`/`S:` form as text: for people, for version control, and to be read again (docs/dialects.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from smtptrace.edits import in_frame_order
from smtptrace.trace import Trace
from smtptrace.transcripts.dialogue import write

FORMAT = "smtp"


def writer(stream: BinaryIO) -> Callable[[Trace, str], None]:
    """What writes one session after the other to `stream`, from the events of its connection."""

    def session(trace: Trace, _name: str) -> None:
        stream.write(write(in_frame_order(trace.session.connection)).encode("utf-8", "backslashreplace"))

    return session
