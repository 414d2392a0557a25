"""tshark's and Wireshark's Follow Stream as YAML: peers and packets with their octets in base64 and their times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._hidden import decoded
from smtptrace.transcripts._raw import Chunk, rows
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import Known, Stamp
from smtptrace.wire import Connection, Endpoint

HIDES: frozenset[str] = frozenset()
FIELD = re.compile(rb"[ \t]*(?:- )?(?P<name>peer|host|port|packet|timestamp|data): (?P<value>.*)")
MARK = re.compile(
    rb"peers:$|packets:$|  - p(?:eer|acket): [0-9]+|    (?:host|port|peer|index|timestamp): |    data: !!binary"
)
DATA = re.compile(rb" {6,}[A-Za-z0-9+/=]+$")


def confidence(text: Text) -> float:
    """Sure by its keys."""
    return 0.98 if any(line.data.startswith(b"    data: !!binary") for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The session of the stream."""
    return connections(text, "follow_yaml", rows(_chunks(text)), HIDES)


def _chunks(text: Text) -> Iterator[Chunk]:
    ends: dict[bytes, Endpoint] = {}
    fields: dict[bytes, bytes] = {}
    data: list[bytes] = []
    number = 0
    for line in text.lines:
        found = FIELD.match(line.data)
        if found and found["name"] in (b"peer", b"packet") and b"- " in line.data[:8]:
            yield from _chunk(number, fields, data, ends)
            fields, data, number = {b"kind": found["name"]}, [], line.number
        if found:
            fields[found["name"]] = found["value"]
        elif DATA.match(line.data):
            data.append(line.data.strip())
        if fields.get(b"kind") == b"peer" and b"port" in fields and fields[b"port"].isdigit():
            ends[fields[b"peer"]] = Endpoint(
                fields.get(b"host", b"").decode("ascii", "replace"), int(fields[b"port"][:5]) & 0xFFFF
            )
    yield from _chunk(number, fields, data, ends)


def _chunk(number: int, fields: dict[bytes, bytes], data: list[bytes], ends: dict[bytes, Endpoint]) -> Iterator[Chunk]:
    octets = decoded(b"".join(data))
    if not octets or len(ends) != 2 or fields.get(b"peer") not in ends:
        return
    sender = ends[fields[b"peer"]]
    receiver = next(end for name, end in ends.items() if name != fields[b"peer"])
    yield Chunk(number, sender, receiver, octets, _stamp(fields.get(b"timestamp", b"")))


def _stamp(text: bytes) -> Stamp | None:
    found = re.fullmatch(rb"([0-9]{1,11})\.([0-9]{1,9})", text)
    return Stamp(int(found[1]) * 1_000_000_000 + int(found[2].ljust(9, b"0")), Known.UTC) if found else None
