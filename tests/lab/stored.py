"""What a server of the lab stored in its Maildir, and what it put before the message."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_SECONDS = 20
"""A server stores a message a moment after it took it."""

TRACE_FIELDS = ("return-path", "x-original-to", "delivered-to", "received", "envelope-to", "delivery-date")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*")


def forget(*mails: Path) -> None:
    """Remove what is stored, so that what comes next is seen."""
    for path in _files(mails):
        path.unlink()


def _files(mails: Iterable[Path]) -> list[Path]:
    return [path for mail in mails for path in mail.glob("new/*")]


def added(sent: Iterable[bytes], *mails: Path) -> set[str]:
    """The names of the fields that the servers of these Maildirs put before the messages.

    Every message that is stored must be one of those sent after these fields, and each of them must be there; lines
    end in LF in a Maildir. Waits until all have come.

    Raises:
        AssertionError: something else is stored, or something that was sent is not.
    """
    wanted = {_lines(content) for content in sent}
    deadline = time.monotonic() + PATIENCE_SECONDS
    found: set[str] = set()
    while True:
        files = [path.read_bytes() for path in _files(mails)]
        missing = [each for each in wanted if not any(stored.endswith(each) for stored in files)]
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert not missing, f"{len(missing)} of {len(wanted)} messages were not stored: {missing[0][:200]!r}"
    for stored in files:
        ours = max((each for each in wanted if stored.endswith(each)), key=len, default=None)
        assert ours is not None, f"a message that was not sent: {stored[:300]!r}"
        found |= _names(stored[: len(stored) - len(ours)])
    return found


def _lines(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _names(head: bytes) -> set[str]:
    """The names of header fields; what is no whole field is an error."""
    fields = list(_FIELD.finditer(head))
    rest = _FIELD.sub(b"", head)
    assert rest in (b"", b"\n"), f"this is no field that was added: {rest[:200]!r}"
    return {field[1].decode().lower() for field in fields}
