"""What a server of the lab stored in its Maildir, and what it put before the message."""

from __future__ import annotations

import re
import time
from collections import Counter
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

    Every message that is stored must be one of those sent, after these fields, and each as often as it was sent, which
    is once for each recipient; lines end in LF in a Maildir. Waits until all have come.

    Raises:
        AssertionError: something else is stored, or something that was sent is not.
    """
    wanted = Counter(map(_lines, sent))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(_files(mails)) < wanted.total() and time.monotonic() < deadline:
        time.sleep(0.05)
    found: Counter[bytes] = Counter()
    names: set[str] = set()
    for stored in (path.read_bytes() for path in _files(mails)):
        ours = max((each for each in wanted if stored.endswith(each)), key=len, default=None)
        assert ours is not None, f"a message that was not sent: {stored[:300]!r}"
        found[ours] += 1
        names |= _names(stored[: len(stored) - len(ours)])
    assert found == wanted, f"stored {list(found.values())} times, sent {list(wanted.values())}"
    return names


def _lines(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _names(head: bytes) -> set[str]:
    """The names of header fields; what is no whole field is an error."""
    fields = list(_FIELD.finditer(head))
    rest = _FIELD.sub(b"", head)
    assert rest in (b"", b"\n"), f"this is no field that was added: {rest[:200]!r}"
    return {field[1].decode().lower() for field in fields}
