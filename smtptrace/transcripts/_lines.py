"""Lines that a text shows otherwise than they were sent."""

from __future__ import annotations

import re

from smtptrace.transcripts._rows import Row
from smtptrace.wire import Endpoint, Exactness


def meant(data: bytes) -> bytes:
    """The line without what its backspaces and deletes took back."""
    line: list[int] = []
    for octet in data:
        if octet in (0x08, 0x7F):
            del line[-1:]
        else:
            line.append(octet)
    return bytes(line).removesuffix(b"\r\n")


def better(known: Endpoint, new: Endpoint | None) -> Endpoint:
    """What two lines say of an endpoint: an address rather than a name, a port rather than none."""
    if new is None:
        return known
    host = known.host if known.host and not NUMERIC.fullmatch(new.host) else new.host
    return Endpoint(host, new.port or known.port)


NUMERIC = re.compile(r"[0-9.]{7,15}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
GLUED = re.compile(rb"[2-5][0-9][0-9]-")


def reply_lines(row: Row) -> list[bytes]:
    """The lines of a reply; those that lost their line ends on a web page are told apart by their code."""
    data = row.data
    if row.exactness is Exactness.SEEN:
        return _kept(data)
    if b"\n" in data:
        return [line.rstrip(b"\r") for line in data.split(b"\n") if line.strip()] or [b""]
    return _unglued(data) if GLUED.match(data) else [data]


def _kept(data: bytes) -> list[bytes]:
    pieces = [piece + b"\n" for piece in data.split(b"\n")]
    pieces[-1] = pieces[-1][:-1]
    return [piece for piece in pieces if piece]


def _unglued(data: bytes) -> list[bytes]:
    code = data[:3]
    dash = data.rfind(code + b"-")
    final = data.find(code + b" ", dash + 4)
    if final < 0 or data[final - 1 : final] == b".":
        return [data]
    starts = [found.start() for found in re.finditer(code + b"-", data)] + [final]
    return [data[start:stop].rstrip() for start, stop in zip(starts, [*starts[1:], len(data)], strict=True)]
