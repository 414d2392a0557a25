"""Keeps what went over the wire as pcapng or .smtp, so that every other command reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from smtptrace import pcapng
from smtptrace._private import private_file
from smtptrace.errors import UsageError
from smtptrace.transcripts.dialogue import write
from smtptrace.wire import Connection

FORMS = (".pcapng", ".smtp")


@contextmanager
def saving(path: Path | None) -> Iterator[Callable[[Connection], None]]:
    """What keeps connections in a new file of mode 0600, which is there at once and gone again where none was kept.

    Raises:
        UsageError: the file cannot be made.
    """
    if path is None:
        yield lambda _: None
        return
    kept = False
    with private_file(checked(path)) as stream:
        write_one = saver(path, stream)

        def save(connection: Connection) -> None:
            nonlocal kept
            kept = True
            write_one(connection)

        try:
            yield save
        finally:
            if not kept:
                path.unlink(missing_ok=True)


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
