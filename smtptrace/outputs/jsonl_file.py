"""One JSON object a session, as `list --json` gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from smtptrace.auth import SecretIds
from smtptrace.outputs.jsonl import line, session_object
from smtptrace.trace import Trace

FORMAT = "jsonl"


def writer(stream: BinaryIO) -> Callable[[Trace, str], None]:
    """What writes one session after the other to `stream`; the ids of equal secrets are those of this stream."""
    ids = SecretIds()

    def session(trace: Trace, name: str) -> None:
        stream.write(line(session_object(trace, ids, name)))

    return session
