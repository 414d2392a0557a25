"""tshark's and Wireshark's Follow Stream as text: ASCII, hex dump, raw hex; the second node is indented."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._raw import Chunk, from_hex, rows
from smtptrace.transcripts._rows import endpoint
from smtptrace.transcripts._text import Line, Text
from smtptrace.wire import Connection, Endpoint, Exactness

HIDES = frozenset({"line-ends", "times"})
HEAD = re.compile(rb"Follow: tcp,(?P<form>ascii|hex|raw|ebcdic|utf-8)")
NODE = re.compile(rb"Node (?P<number>[01]): (?P<end>\S+)")
HEX = re.compile(rb"(?P<indent>[ \t]*)[0-9A-F]{8}  (?P<hex>(?:[0-9a-f]{2} {1,2}){1,16})")
RAW = re.compile(rb"(?P<indent>\t?)(?P<hex>(?:[0-9a-f]{2})+)$")
SIZE = re.compile(rb"(?P<indent>\t?)(?P<size>[0-9]{1,9})$")
MARK = re.compile(
    HEAD.pattern.replace(b"?P<form>", b"?:")
    + rb"|Node [01]: |"
    + HEX.pattern.replace(b"?P<indent>", b"?:").replace(b"?P<hex>", b"?:")
)


def confidence(text: Text) -> float:
    """Sure by its header; a hex dump alone is told by its columns."""
    if any(HEAD.match(line.data) for line in text.lines):
        return 0.975
    return 0.7 if any(HEX.match(line.data) for line in text.lines[:100]) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each header."""
    return connections(text, "follow", rows(_chunks(text)), HIDES)


def _chunks(text: Text) -> Iterator[Chunk]:
    ends = [Endpoint("", 0), Endpoint("", 1)]
    form, body = b"hex", list[Line]()
    for line in text.lines:
        head, node = HEAD.match(line.data), NODE.match(line.data)
        if head:
            yield from _form(form, body, ends)
            form, body, ends = head["form"], [], [Endpoint("", 0), Endpoint("", 1)]
        elif node:
            ends[int(node["number"])] = endpoint(node["end"]) or ends[int(node["number"])]
        elif not line.data.startswith((b"====", b"Filter: ")):
            body.append(line)
    yield from _form(form, body, ends)


def _form(form: bytes, body: list[Line], ends: list[Endpoint]) -> Iterator[Chunk]:
    if form not in (b"hex", b"raw"):
        yield from _ascii(body, ends)
        return
    turn: list[tuple[Line, re.Match[bytes]]] = []
    for line in body:
        found = (HEX if form == b"hex" else RAW).match(line.data)
        if found and turn and bool(turn[0][1]["indent"]) != bool(found["indent"]):
            yield _turn(turn, ends)
            turn = []
        if found:
            turn.append((line, found))
    if turn:
        yield _turn(turn, ends)


def _turn(rows_: list[tuple[Line, re.Match[bytes]]], ends: list[Endpoint]) -> Chunk:
    """The rows of one node up to those of the other, as one chunk."""
    line, found = rows_[0]
    sender, receiver = _ways(found["indent"], ends)
    return Chunk(line.number, sender, receiver, b"".join(from_hex(row["hex"]) for _, row in rows_))


def _ways(indent: bytes, ends: list[Endpoint]) -> tuple[Endpoint, Endpoint]:
    return (ends[1], ends[0]) if indent else (ends[0], ends[1])


def _ascii(body: list[Line], ends: list[Endpoint]) -> Iterator[Chunk]:
    """Each chunk stands under a line with its size; what cannot be printed is a dot."""
    at = 0
    while at < len(body):
        size = SIZE.match(body[at].data)
        at += 1
        if not size:
            continue
        number, wanted, data = body[at - 1].number, int(size["size"]), bytearray()
        while at < len(body) and len(data) < wanted:
            data += body[at].data + b"\r\n"
            at += 1
        sender, receiver = _ways(size["indent"], ends)
        yield Chunk(number, sender, receiver, bytes(data[:wanted]), exactness=Exactness.LINE_END_SUPPLIED)
