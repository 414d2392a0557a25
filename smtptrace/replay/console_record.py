"""Keeps the record of a session in a private file, its secrets masked unless they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from smtptrace._private import private_file
from smtptrace.auth import AuthOutcome, Credential
from smtptrace.masks import shown, swept
from smtptrace.redact import forms
from smtptrace.replay.save import checked, saver
from smtptrace.secret import Secret
from smtptrace.smtp import Session, read_session
from smtptrace.trace import Trace, trace_session
from smtptrace.wire import Connection, Octets

_SHORTEST = 4
"""Octets; a shorter secret would be found in every word."""


def traced(connection: Connection, *, reveal: bool, secrets: Sequence[Secret] = ()) -> Trace:
    """The trace of a record, for outputs: masked in every part, or with secrets that print.

    Args:
        connection: the record.
        reveal: whether secrets may stand in what is made of it.
        secrets: those that were sent; a server out of its mind must not make one look like something else.
    """
    trace = _shown(connection, reveal)
    if reveal or not _holds(trace.session, secrets):
        return trace
    known = [Credential("", "AUTH", AuthOutcome.INCOMPLETE, secret=each) for each in secrets]
    return _shown(swept(connection, known), reveal)


def _shown(connection: Connection, reveal: bool) -> Trace:
    return shown(trace_session(read_session(connection, keep_content=True)), reveal=reveal)


def _holds(session: Session, secrets: Sequence[Secret]) -> bool:
    """Whether a secret stands in the record, or in a line that was read from it, in any form."""
    found = {form for each in secrets for form in forms(each.octets()) if len(form) >= _SHORTEST}
    said = [each.data for each in session.connection.events if isinstance(each, Octets)]
    said += [each.command.raw for each in session.exchanges if each.command]
    return any(form in octets for form in found for octets in said)


def written(trace: Trace, path: Path, stream: BinaryIO) -> str:
    """Write the record to a file that is open, and say where it is."""
    saver(path, stream)(trace.session.connection)
    stream.flush()
    return f"saved in {path}, for your eyes only (mode 0600); smtptrace show, diagnose and replay read it"


def keep(connection: Connection, path: Path, *, reveal: bool, secrets: Sequence[Secret] = ()) -> str:
    """Write the record to a new file with mode 0600, and say so; see `traced`.

    Raises:
        UsageError: the file exists, or its name tells no form.
    """
    with private_file(checked(path)) as stream:
        return written(traced(connection, reveal=reveal, secrets=secrets), path, stream)
