"""Keeps what went over the wire as pcapng or .smtp, so that every other command reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from smtptrace import pcapng
from smtptrace.errors import UsageError
from smtptrace.transcripts.dialogue import write
from smtptrace.wire import Connection

FORMS = (".pcapng", ".smtp")


def saver(path: Path, stream: BinaryIO) -> Callable[[Connection], None]:
    """What writes one connection after the other to `stream`, in the form that the name of the file asks for."""
    if path.suffix == ".smtp":
        return lambda connection: _text(stream, connection)
    packets = pcapng.Writer(stream)

    def connection_saved(connection: Connection) -> None:
        course = packets.begin(connection)
        for event in connection.events:
            course.feed(event)
        course.finish()
        packets.flush()

    return connection_saved


def checked(path: Path) -> Path:
    """The path, if its name says in which form to save.

    Raises:
        UsageError: it does not.
    """
    if path.suffix not in FORMS:
        raise UsageError(f"{path}: the name must end in {' or '.join(FORMS)}")
    return path


def _text(stream: BinaryIO, connection: Connection) -> None:
    stream.write(write(connection).encode("utf-8", "backslashreplace"))
    stream.flush()
