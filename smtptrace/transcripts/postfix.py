"""Postfix's verbose log (-v, debug_peer_list): `> host[address]:` and `< host[address]:` of smtpd and smtp."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, likely
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection, Endpoint

# Its smtp ends the connection without reading what answers QUIT.
HIDES = frozenset({"line-ends", "content", "closing", "tls"})
LINE = re.compile(
    rb"(?:(?P<time>[0-9A-Z][0-9A-Za-z:.+ T-]{13,34}?) +)?(?:\S+ +){0,2}(?P<daemon>postfix[\w.-]*/(?:[\w.-]+/)"
    rb"*(?P<program>[a-z]+))\[(?P<pid>[0-9]+)\]: (?P<said>.*)"
)
TOLD = re.compile(
    rb"(?P<way>[<>]) (?P<host>[^\s\[]{0,255})\[(?P<address>[^\]]{0,100})\](?::(?P<port>[0-9]{1,5}))?: ?(?P<line>.*)"
)
BEGINS = re.compile(rb"connect from (?P<host>[^\s\[]+)\[(?P<address>[^\]]+)\]|smtp_connect_addr: trying: .*")
ENDS = re.compile(rb"disconnect from |.{0,20}lost connection (?:with|after)")
TELLING = re.compile(
    rb"(?:warning|error|fatal|panic|NOQUEUE|reject|SSL_|TLS|Anonymous|Trusted|Untrusted"
    rb"|xsasl_\w+: (?:auth reply|uncoded)|status=)|.*(?:authentication fail|SASL)"
)
MARK = re.compile(
    LINE.pattern.partition(b"(?P<said>")[0]
    .replace(b"?P<time>", b"?:")
    .replace(b"?P<daemon>", b"?:")
    .replace(b"?P<program>", b"?:")
    .replace(b"?P<pid>", b"?:")
    + rb"[<>] "
)
CLIENTS = frozenset((b"smtp", b"lmtp", b"relay"))


def confidence(text: Text) -> float:
    """By the share of its lines that tell what was said."""
    return likely(text, MARK, 0.8, 0.99)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, told apart by process, each from connect to disconnect."""
    return connections(text, "postfix", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    for line in text.lines:
        found = LINE.match(line.data)
        if found is None:
            continue
        when = stamp(found["time"]) if found["time"] else None
        row = Row(Kind.NOTE, line.number, found["said"], found["daemon"] + b"[" + found["pid"] + b"]", when)
        told = TOLD.match(found["said"])
        begins = BEGINS.match(found["said"])
        if told:
            yield _said(row, told, sends=found["program"] in CLIENTS)
        elif begins:
            peer = Endpoint(begins["address"].decode("utf-8", "replace"), 0) if begins["address"] else None
            yield row._replace(kind=Kind.START, client=peer)
        elif ENDS.match(found["said"]):
            yield row._replace(kind=Kind.END)
        elif TELLING.match(found["said"]):
            yield row


def _said(row: Row, told: re.Match[bytes], *, sends: bool) -> Row:
    """The arrows are the daemon's: `>` is what it sent."""
    kind = Kind.CLIENT if (told["way"] == b">") == sends else Kind.SERVER
    peer = Endpoint(told["address"].decode("utf-8", "replace"), int(told["port"] or 0) & 0xFFFF)
    row = row._replace(kind=kind, data=told["line"])
    return row._replace(server=peer) if sends else row._replace(client=peer)
