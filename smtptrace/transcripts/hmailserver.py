"""hMailServer's log: `"SMTPD"`, thread, session, time and address, then `"SENT: ..."` or `"RECEIVED: ..."`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._rows import Kind, Row, endpoint, likely
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection

HIDES = frozenset({"line-ends", "content", "credentials", "tls"})
LINE = re.compile(
    rb"\"(?P<role>SMTPD|SMTPC)\"\s+[0-9]+\s+(?P<session>[0-9]+)\s+\"(?P<time>[^\"]*)\"\s+\"(?P<address>[^\"]*)\"\s+"
    rb"\"(?:(?P<way>SENT|RECEIVED): )?(?P<said>.*?)\"?\s*$"
)
MARK = re.compile(rb"\"SMTP[DC]\"\s+[0-9]+\s+[0-9]+\s+\"")


def confidence(text: Text) -> float:
    """By the share of its lines."""
    return likely(text, MARK, 0.8, 0.99)


def read(text: Text) -> Iterable[Connection]:
    """The sessions by their numbers, as server (SMTPD) and as client (SMTPC)."""
    return connections(text, "hmailserver", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    known: set[bytes] = set()
    for line in text.lines:
        found = LINE.match(line.data)
        if not found:
            continue
        key = found["role"] + b" " + found["session"]
        serves = found["role"] == b"SMTPD"
        row = Row(Kind.START, line.number, b"", key, stamp(found["time"]))
        if key not in known:
            known.add(key)
            peer = endpoint(found["address"])
            yield row._replace(client=peer) if serves else row._replace(server=peer)
        kind = Kind.NOTE
        if found["way"]:
            kind = Kind.SERVER if (found["way"] == b"SENT") == serves else Kind.CLIENT
        yield row._replace(kind=kind, data=found["said"].replace(b"[nl]", b"\n"))
