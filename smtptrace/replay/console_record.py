"""Keeps the record of a session in a private file, its secrets masked unless they were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from smtptrace._private import private_file
from smtptrace.masks import shown
from smtptrace.replay.save import checked, saver
from smtptrace.smtp import read_session
from smtptrace.trace import Trace, trace_session
from smtptrace.wire import Connection


def traced(connection: Connection, *, reveal: bool) -> Trace:
    """The trace of a record, for outputs: masked in every part, or with secrets that print."""
    return shown(trace_session(read_session(connection, keep_content=True)), reveal=reveal)


def written(trace: Trace, path: Path, stream: BinaryIO) -> str:
    """Write the record to a file that is open, and say where it is."""
    saver(path, stream)(trace.session.connection)
    stream.flush()
    return f"saved in {path}, for your eyes only (mode 0600); smtptrace show, diagnose and replay read it"


def keep(connection: Connection, path: Path, *, reveal: bool) -> str:
    """Write the record to a new file with mode 0600, and say so.

    Raises:
        UsageError: the file exists, or its name tells no form.
    """
    with private_file(checked(path)) as stream:
        return written(traced(connection, reveal=reveal), path, stream)
