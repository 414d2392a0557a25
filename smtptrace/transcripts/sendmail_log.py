"""sendmail -X: process id, then `<<< ` what it read, `>>> ` what it wrote, `=== ` what it did; as client or server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, endpoint, likely
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "tls", "times"})
LINE = re.compile(rb"(?P<pid>[0-9]{1,9}) (?P<way><<<|>>>|===)(?: (?P<said>.*)|$)")
MARK = re.compile(rb"[0-9]{1,9} (?:<<<|>>>|===)(?: |$)")
CONNECT = re.compile(rb"CONNECT (?P<peer>\S+)")


@dataclass(slots=True)
class Process:
    """One process: whether it serves, whether it has a connection of its own, and what it read last."""

    serves: bool = False
    calls: bool = False
    content: bool = False
    got: bytes = b""
    calling: int = 0


def confidence(text: Text) -> float:
    """By the share of its lines."""
    return likely(text, MARK, 0.8, 0.97)


def read(text: Text) -> Iterable[Connection]:
    """The sessions: those it accepted by process, those it made one for each CONNECT."""
    return connections(text, "sendmail_log", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    processes: dict[bytes, Process] = {}
    for line in text.lines:
        found = LINE.match(line.data)
        if found:
            row = _row(line, found, processes.setdefault(found["pid"], Process()))
            if row is not None:
                yield row


def _row(line: Line, found: re.Match[bytes], process: Process) -> Row | None:
    """What a line tells; None for what was read from a file and what -v wrote to the terminal."""
    said = found["said"] or b""
    if found["way"] == b"===":
        return _done(line, said, found["pid"], process)
    sent = found["way"] == b">>>"
    if not process.calls and sent and said.startswith(b"220"):
        process.serves = True
    if not (process.calls or process.serves):
        return None
    if process.calls and not process.content and sent and (said.startswith(b">>> ") or said == process.got):
        return None
    row = Row(Kind.CLIENT if sent is process.calls else Kind.SERVER, line.number, said, _key(found["pid"], process))
    process.content = said.startswith(b"354") if row.kind is Kind.SERVER else process.content and said != b"."
    process.got = said if not sent else process.got
    if process.calls and row.kind is Kind.SERVER and said.startswith(b"221"):
        process.calls = False
    return row


def _done(line: Line, said: bytes, pid: bytes, process: Process) -> Row:
    """`===`: a connection made, a program run."""
    called = CONNECT.match(said)
    if called:
        process.calls, process.content, process.calling = True, False, line.number
        return Row(Kind.START, line.number, key=_key(pid, process), server=endpoint(called["peer"]))
    return Row(Kind.NOTE, line.number, said, _key(pid, process))


def _key(pid: bytes, process: Process) -> bytes:
    return b"\0%s/%d" % (pid, process.calling) if process.calls else pid
