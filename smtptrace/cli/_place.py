"""Where a command listens, and files that others wait for."""

from __future__ import annotations

from pathlib import Path

from smtptrace import net
from smtptrace.errors import UsageError
from smtptrace.wire import Endpoint


def listening_place(text: str) -> Endpoint:
    """Host and port of `HOST[:PORT]`, `:PORT` or `PORT`; port 0 is one that is free.

    Raises:
        UsageError: it is none of them.
    """
    port = text.removeprefix(":")
    if port.isascii() and port.isdigit():
        text = f"127.0.0.1:{port}"
    if text.endswith(":0") and (text.count(":") == 1 or text.endswith("]:0")):
        return Endpoint(text[:-2].strip("[]"), 0)
    found = net.endpoint(text, 1)
    return found if found == net.endpoint(text, 2) else Endpoint(found.host, 0)


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file at once, so that who waits for it finds it whole.

    Raises:
        UsageError: it cannot be written.
    """
    new = path.with_name(path.name + ".new")
    try:
        new.write_bytes(octets)
        new.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
