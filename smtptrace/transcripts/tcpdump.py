"""tcpdump -A, -x, -X and -XX: a line for each packet, its octets below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._raw import Chunk, from_hex, rows
from smtptrace.transcripts._rows import likely
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection, Endpoint, Exactness

HIDES = frozenset({"line-ends", "tls"})
HEAD = re.compile(
    rb"(?:(?P<time>(?:[0-9]{4}-[0-9]{2}-[0-9]{2} )?[0-9:]{8}\.[0-9]{1,9}) )?(?:\S+ +(?:In|Out|B|M|P) +)?IP6? "
    rb"(?P<from>\S+)\.(?P<fport>[\w-]+) > (?P<to>\S+)\.(?P<tport>[\w-]+): Flags \[(?P<flags>[^\]]*)\],"
    rb"(?: seq (?P<seq>[0-9]+)(?::(?P<stop>[0-9]+))?,)?.*?length (?P<length>[0-9]{1,9})"
)
MARK = re.compile(rb"(?:[0-9:. -]{8,30} )?(?:\S+ +(?:In|Out) +)?IP6? \S+ > \S+: Flags \[|\t0x[0-9a-f]{4}: ")
HEX = re.compile(rb"[ \t]+0x[0-9a-f]{4,8}:  (?P<hex>(?:[0-9a-f]{2,4} )*[0-9a-f]{2,4})")
PORTS = {
    b"smtp": 25,
    b"submission": 587,
    b"urd": 465,
    b"submissions": 465,
    b"ssmtp": 465,
    b"smtps": 465,
    b"http-alt": 8080,
}


def confidence(text: Text) -> float:
    """By the share of its heads and rows."""
    return likely(text, MARK, 0.75, 0.98) if any(HEAD.match(line.data) for line in text.lines) else 0.0


def read(text: Text) -> Iterable[Connection]:
    """The sessions, one for each pair of ends; retransmitted octets are taken once."""
    return connections(text, "tcpdump", rows(_once(text)), HIDES)


def _once(text: Text) -> Iterator[Chunk]:
    """The chunks in order of their sequence numbers' first sight, with what is missing before them."""
    expected: dict[tuple[Endpoint, Endpoint], int] = {}
    for head, lines in _packets(text):
        way = _end(head["from"], head["fport"]), _end(head["to"], head["tport"])
        if b"S" in head["flags"]:
            expected[way] = 1
            continue
        data, exactness = _payload(lines, int(head["length"]))
        if not data or head["seq"] is None:
            continue
        start = int(head["seq"])
        due = expected.get(way, start)
        if start + len(data) <= due:
            continue
        when = stamp(head["time"]) if head["time"] else None
        expected[way] = start + int(head["length"])
        yield Chunk(lines[0].number - 1, *way, data[max(0, due - start) :], when, exactness, max(0, start - due))


def _packets(text: Text) -> Iterator[tuple[re.Match[bytes], list[Line]]]:
    head: re.Match[bytes] | None = None
    lines: list[Line] = []
    for line in text.lines:
        begins = HEAD.match(line.data)
        if begins:
            if head and lines:
                yield head, lines
            head, lines = begins, []
        elif head:
            lines.append(line)
    if head and lines:
        yield head, lines


def _end(host: bytes, port: bytes) -> Endpoint:
    number = int(port) & 0xFFFF if port.isdigit() else PORTS.get(port, 0)
    return Endpoint(host.decode("utf-8", "replace"), number)


def _payload(lines: list[Line], length: int) -> tuple[bytes, Exactness]:
    dumped = [found["hex"] for found in (HEX.match(line.data) for line in lines) if found]
    if dumped:
        packet = b"".join(map(from_hex, dumped))
        return _after_headers(packet)[:length], Exactness.SEEN
    return _printed([line.data for line in lines], length), Exactness.LINE_END_SUPPLIED


def _after_headers(packet: bytes) -> bytes:
    """The TCP payload of a packet that begins with its IP header or with an Ethernet header before it."""
    for at in (0, 14, 16, 18):
        version = packet[at] >> 4 if len(packet) > at + 40 else 0
        if version == 4 and packet[at + 9] == 6:
            tcp = at + (packet[at] & 15) * 4
        elif version == 6 and packet[at + 6] == 6:
            tcp = at + 40
        else:
            continue
        return packet[tcp + (packet[tcp + 12] >> 4) * 4 :] if len(packet) > tcp + 12 else b""
    return b""


def _printed(lines: list[bytes], length: int) -> bytes:
    """The last `length` octets of what -A prints: it shows CRLF as a line end and what is no text as a dot."""
    if not length:
        return b""
    while len(lines) > 1 and not lines[-1]:
        lines = lines[:-1]
    data = b"\r\n".join(lines) + b"\r\n"
    return data[-length:]
