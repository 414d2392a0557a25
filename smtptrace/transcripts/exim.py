"""Exim's debug output (-d, -v): `SMTP>>` sent and `SMTP<<` received, as client or, told by its greeting, as server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, endpoint, likely
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "content", "credentials", "tls"})
HEAD = (
    rb"(?:(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?) )?(?:[ ]{0,4}(?P<pid>[0-9]{1,9}) )?(?:>>> ?)?"
    rb"[ \t]*+(?:\|[ |]*+)?"
)
BEGINS = re.compile(HEAD)
LINE = re.compile(
    HEAD + rb"(?:SMTP(?P<way>>>|<<|\|>|\+>)(?: (?P<said>.*)|$)"
    rb"|(?P<start>Connecting to \S+ \[(?P<peer>[^\]]+)\](?::(?P<port>[0-9]{1,5}))?.*"
    rb"|Process [0-9]+ is handling incoming connection from (?:[^\s\[]{1,255} )?\[(?P<client>[^\]]+)\].*)"
    rb"|(?P<end>SMTP\(c(?:lose|losed)\)(?:>>|<<).*)|(?P<note>(?:LOG: |.*(?:SMTP error|TLS (?:session"
    rb"|error|certificate)|gnutls_|SSL_|Connection refused|SMTP timeout|authenticator .*yielded"
    rb"|cipher:)).*))"
)
MARK = re.compile(
    HEAD.replace(b"?P<time>", b"?:").replace(b"?P<pid>", b"?:")
    + rb"SMTP(?:>>|<<|\|>|\+>|\((?:close|closed|shutdown)\))"
)
MORE = re.compile(rb"(?:[0-9:.]{8,15} )?(?:[ ]{0,4}[0-9]{1,9} )?(?:>>> ?)?[ |]{0,12}(?P<said>[2-5][0-9][0-9][ -].*)")
UNSEEN = re.compile(rb"\(writing message\)|writing message")


def confidence(text: Text) -> float:
    """Sure where its marks stand, in however much else."""
    return likely(text, MARK, 0.85, 0.97)


def read(text: Text) -> Iterable[Connection]:
    """The sessions, told apart by process id where it stands there, one for each connection or greeting."""
    return connections(text, "exim", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    serves: dict[bytes, bool] = {}
    last: Row | None = None
    logged = False
    for line in text.lines:
        found = LINE.match(line.data)
        more = None if found else MORE.match(line.data)
        if more and last and last.kind is Kind.SERVER and _goes_on(last.data, more["said"]):
            last = last._replace(frame=line.number, data=more["said"])
            yield last
        if not found:
            if logged:
                yield _logged(line, last)
            logged = False
            continue
        logged = (found["note"] or b"").startswith(b"LOG:")
        when = stamp(found["time"]) if found["time"] else None
        row = Row(Kind.NOTE, line.number, found["said"] or found["note"] or b"", found["pid"] or b"", when)
        if found["way"]:
            if row.key not in serves:
                serves[row.key] = found["way"] != b"<<" and row.data.startswith(b"220")
            last = row = _said(row, received=found["way"] == b"<<", serves=serves[row.key])
        elif found["start"]:
            serves.pop(row.key, None)
            peer, client = (endpoint(found[name]) if found[name] else None for name in ("peer", "client"))
            server = peer._replace(port=int(found["port"] or 0) & 0xFFFF) if peer else None
            row = row._replace(kind=Kind.START, data=found["start"], server=server, client=client)
        elif found["end"]:
            row = row._replace(kind=Kind.END)
        if not logged:
            yield row


def _goes_on(said: bytes, line: bytes) -> bool:
    """Whether a line without a mark is more of the reply above; old versions do not indent it."""
    return said[3:4] == b"-" and line[:3] == said[:3]


def _logged(line: Line, last: Row | None) -> Row:
    """What went to the log, which stands below `LOG:`."""
    begins = BEGINS.match(line.data)
    said = line.data[begins.end() if begins else 0 :].strip()
    key = (begins["pid"] if begins else None) or (last.key if last else b"")
    when = stamp(begins["time"]) if begins and begins["time"] else None
    return Row(Kind.NOTE, line.number, b"LOG: " + said, key, when)


def _said(row: Row, *, received: bool, serves: bool) -> Row:
    if UNSEEN.match(row.data):
        return row._replace(kind=Kind.UNSEEN)
    return row._replace(kind=Kind.SERVER if received != serves else Kind.CLIENT)
