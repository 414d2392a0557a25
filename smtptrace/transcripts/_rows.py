"""Rows: what one line of a transcript tells, whatever its dialect."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from smtptrace.transcripts._folded import goes_on, joined
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import Stamp, stamp
from smtptrace.wire import Endpoint, Event, Exactness


class Kind(enum.Enum):
    """What a row is."""

    CLIENT = "client"
    SERVER = "server"
    SAID = "said"
    NOTE = "note"
    EVENT = "event"
    START = "start"
    END = "end"
    UNSEEN = "unseen"
    UNHEARD = "unheard"

    __hash__ = object.__hash__


class Row(NamedTuple):
    """One thing that a transcript tells.

    CLIENT and SERVER: a line that was sent, without its line end unless `exactness` is SEEN; SAID: one without a mark
    of who sent it. NOTE: text beside the wire. EVENT: `event` as it is. START begins a connection, END ends it. UNSEEN:
    the client sent what is not shown, UNHEARD: the server answered a command, and that is not shown. `key` tells
    sessions apart that are interleaved. `typed` are the keys pressed where they are not what was sent.
    """

    kind: Kind
    frame: int
    data: bytes = b""
    key: bytes = b""
    when: Stamp | None = None
    exactness: Exactness = Exactness.LINE_END_SUPPLIED
    event: Event | None = None
    server: Endpoint | None = None
    client: Endpoint | None = None
    facts: tuple[tuple[str, str], ...] = ()
    typed: bytes = b""


CONTINUED = re.compile(rb"[ \t]*([2-5][0-9][0-9][ -].*)", re.S)


def marked(
    text: Text, pattern: re.Pattern[bytes], other: Callable[[Line, Row | None], Row | None] | None = None
) -> Iterator[Row]:
    """The rows of a dialect that marks its lines.

    Args:
        pattern: matches a line; its group `client`, `server`, `said`, `note`, `start`, `end` or `unseen` holds what was
             said and tells what it is (none of them: nothing is told); `key`, `time`, `peer`, or `host` and `port`,
            hold what else it tells.
        other: what a line is that the pattern does not match, given the row before it; else a continued reply or
            a note.
    """
    other = other or unmarked
    held: Row | None = None
    width = 0
    for line in text.lines:
        found = pattern.match(line.data)
        if not found and held and held.kind in SAID_BY:
            if width == COLUMNS and _continues(line.data):
                held, width = held._replace(data=held.data + line.data), len(line.data)
                continue
            if goes_on(held.data, line.data):
                held = held._replace(data=joined(held.data, line.data))
                continue
        row = _row(line, found) if found else other(line, held)
        width = len(line.data)
        if row is not None:
            if held is not None:
                yield held
            held = row
    if held is not None:
        yield held


COLUMNS = 80
"""Where a console wraps a line: one of just this width may go on below."""

SAID_BY = (Kind.CLIENT, Kind.SERVER)


def _continues(line: bytes) -> bool:
    return bool(line.strip()) and len(line) <= COLUMNS and not CONTINUED.match(line)


NAMES = {"refused": Kind.SERVER, "info": Kind.NOTE} | {kind.value: kind for kind in Kind}


def _row(line: Line, found: re.Match[bytes]) -> Row | None:
    part = {name: value for name, value in found.groupdict().items() if value is not None}
    kind = next((NAMES[name] for name in part if name in NAMES), None)
    if kind is None:
        return None
    said = next(part[name] for name in part if name in NAMES)
    when = stamp(part["time"]) if "time" in part else None
    exactness = Exactness.DECODED if line.changed else Exactness.LINE_END_SUPPLIED
    if "host" in part:
        server: Endpoint | None = Endpoint(
            part["host"].decode("utf-8", "replace"), int(part.get("port", b"0")) & 0xFFFF
        )
    else:
        server = endpoint(part["peer"]) if "peer" in part else None
    return Row(kind, line.number, said, part.get("key", b""), when, exactness, None, server)


def unmarked(line: Line, previous: Row | None) -> Row | None:
    """A line without a mark: the continuation of a reply, or a note; nothing where it is blank."""
    key = previous.key if previous else b""
    found = CONTINUED.match(line.data)
    if found and previous and previous.kind is Kind.SERVER:
        return Row(Kind.SERVER, line.number, found[1], key, previous.when)
    return note(line, key) if line.data.strip() else None


def note(line: Line, key: bytes = b"") -> Row:
    """The whole line as a note."""
    return Row(Kind.NOTE, line.number, line.data.strip(), key)


def endpoint(text: bytes) -> Endpoint | None:
    """`host:port`, `[v6]:port` or a host alone; None where it is neither."""
    found = ENDPOINT.fullmatch(text.strip().removeprefix(b"ssl://").removeprefix(b"tls://").removeprefix(b"tcp://"))
    if not found:
        return None
    host = (found["v6"] or found["host"]).decode("ascii")
    port = int(found["port"] or found["port6"] or 0)
    return Endpoint(host, port if port < 65536 else 0)


ENDPOINT = re.compile(
    rb"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45}(?:%[\w.]+)?)\](?::(?P<port6>[0-9]{1,5}))?"
    rb"|(?P<host>[A-Za-z0-9_.%-]{1,253}|[0-9A-Fa-f:.]{2,45})(?::(?P<port>[0-9]{1,5}))?)"
)


def share(text: Text, pattern: re.Pattern[bytes]) -> float:
    """The share of the lines that are not blank which the pattern matches, 0 to 1."""
    lines = [line for line in text.octets if line and not line.isspace()]
    return sum(map(bool, map(pattern.match, lines))) / len(lines) if lines else 0.0


def either(*sources: Iterable[bytes]) -> bytes:
    """The alternatives as one group of a pattern."""
    return b"(?:" + b"|".join(item for source in sources for item in source) + b")"


def likely(text: Text, pattern: re.Pattern[bytes], least: float, most: float) -> float:
    """A confidence between `least` and `most`, by the share of the lines that the pattern matches; 0 for none."""
    part = share(text, pattern)
    return least + (most - least) * part if part else 0.0
