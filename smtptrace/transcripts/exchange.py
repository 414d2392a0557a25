"""Exchange protocol logs, SmtpReceive and SmtpSend: CSV rows, sessions interleaved, direction by `#Log-type`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._hidden import is_masked
from smtptrace.transcripts._rows import Kind, Row, endpoint, likely
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Connection, Exactness

HIDES = frozenset({"line-ends", "content", "credentials"})
FIELDS = tuple(
    "date-time connector-id session-id sequence-number local-endpoint remote-endpoint event data context".split()
)
ROW = re.compile(rb"\xef?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}Z?,[^,]*,[0-9A-Fa-f]{8,32},[0-9]+,[^,]*,[^,]*,[-+<>*]")
SHORT = re.compile(rb"\.{0,3},?(?:[0-9]+,)?\.{0,3},?(?P<event>[<>*+-]),(?P<data>.*)")
HEADER = re.compile(rb"#(?P<name>Software|Version|Log-type|Date|Fields): ?(?P<value>.*)", re.I)
MARK = re.compile(
    HEADER.pattern.replace(b"(?P<name>", b"(?:").replace(b"(?P<value>", b"(?:") + b"|" + ROW.pattern + rb"|[<>*+-],",
    re.I,
)

MECHANISMS = frozenset("NTLM LOGIN GSSAPI PLAIN XOAUTH2 OAUTHBEARER CRAM-MD5 DIGEST-MD5 EXCHANGEAUTH EXTERNAL".split())
WITH_MECHANISMS = ("AUTH", "X-EXPS")
WITH_ARGUMENTS = (*WITH_MECHANISMS, "SIZE", "DELIVERBY", "XCLIENT", "XFORWARD", "XPROXY", "XSHADOW", "LIMITS")
FOLDED = re.compile(rb"250  \S")
MAX_FIELD = 1 << 27


@dataclass(slots=True)
class Entry:
    """One row of the log."""

    frame: int
    fields: dict[str, bytes]

    def __getitem__(self, name: str) -> bytes:
        return self.fields.get(name, b"")


def confidence(text: Text) -> float:
    """Sure by the header or by whole rows; a few columns alone are weak."""
    whole = likely(text, ROW, 0.9, 0.99)
    return whole or likely(text, SHORT, 0.2, 0.6)


def read(text: Text) -> tuple[Connection, ...]:
    """The sessions by their ids; rows of one session in the order of their numbers."""
    return connections(text, "exchange", _rows(text), HIDES)


def _rows(text: Text) -> Iterator[Row]:
    facts: dict[str, str] = {}
    sending: bool | None = None
    sessions: dict[bytes, list[Entry]] = {}
    for line in text.lines:
        header = HEADER.match(line.data)
        if header:
            facts[header["name"].decode().lower()] = header["value"].decode("utf-8", "replace").strip()
            continue
        entry = _entry(line.number, line.data, facts.get("fields"))
        if entry is not None:
            sessions.setdefault(entry["session-id"], []).append(entry)
    kept = tuple((name, facts[name]) for name in ("software", "version", "log-type") if name in facts)
    if "log-type" in facts:
        sending = "send" in facts["log-type"].lower()
    for entries in sessions.values():
        entries.sort(key=lambda entry: int(entry["sequence-number"] or b"0"))
        yield from _session(entries, _is_sending(entries) if sending is None else sending, kept)


def _entry(number: int, line: bytes, fields: str | None) -> Entry | None:
    if ROW.match(line):
        names: Sequence[str] = [name.strip().lower() for name in fields.split(",")] if fields else FIELDS
        return Entry(number, dict(zip(names, _columns(line), strict=False)))
    short = SHORT.match(line)
    if not short:
        return None
    columns = _columns(b"x," + short["data"])[1:]
    data, context = [*columns, b"", b""][:2]
    return Entry(number, {"event": short["event"], "data": data, "context": context})


def _columns(line: bytes) -> list[bytes]:
    if b'"' not in line:
        return line.split(b",")
    csv.field_size_limit(MAX_FIELD)
    row = next(csv.reader([line.decode("utf-8", "surrogateescape")]))
    return [column.encode("utf-8", "surrogateescape") for column in row]


def _is_sending(entries: Iterable[Entry]) -> bool:
    """Without a header: replies begin with a code, so the arrow of the first row with one tells the direction."""
    for entry in entries:
        if entry["event"] in (b"<", b">") and entry["data"]:
            return (entry["event"] == b"<") == entry["data"][:3].isdigit()
    return False


def _session(entries: Sequence[Entry], sending: bool, facts: tuple[tuple[str, str], ...]) -> Iterator[Row]:
    sent, got = (Kind.CLIENT, Kind.SERVER) if sending else (Kind.SERVER, Kind.CLIENT)
    near, far = ("remote-endpoint", "local-endpoint") if sending else ("local-endpoint", "remote-endpoint")
    connector = (
        (("connector", entries[0]["connector-id"].decode("utf-8", "replace")),) if entries[0]["connector-id"] else ()
    )
    reached = 0
    for at, entry in enumerate(entries):
        reached = entry.frame = max(
            reached, entry.frame
        )  # rows out of order are told where the last one before them is
        key, when = entry["session-id"], stamp(entry["date-time"])
        base = Row(
            Kind.START, entry.frame, b"", key, when, server=endpoint(entry[near]), client=endpoint(entry[far]),
            facts=(*facts, *connector),
        )  # fmt: skip
        if at == 0 or entry["event"] == b"+":
            yield base
        if entry["event"] in (b">", b"<"):
            yield from _said(base._replace(kind=sent if entry["event"] == b">" else got, data=entry["data"]))
        elif entry["event"] == b"-":
            yield base._replace(kind=Kind.END, data=b"Disconnected: " + (entry["context"] or entry["data"]))
        elif entry["data"] or entry["context"]:
            said = b": ".join(part for part in (entry["context"], entry["data"]) if part)
            yield base._replace(kind=Kind.NOTE, data=said)


def _said(row: Row) -> Iterator[Row]:
    if row.kind is Kind.SERVER and FOLDED.match(row.data):
        lines = unfold(row.data)
        yield row._replace(data=b"\n".join(lines), exactness=Exactness.DECODED)
    elif row.kind is Kind.CLIENT and is_masked(row.data):
        yield row._replace(kind=Kind.UNSEEN)
    else:
        yield row


def unfold(line: bytes) -> list[bytes]:
    """The lines of an EHLO reply that the log writes as one row: a line for each keyword with what belongs to it."""
    words = line[5:].split(b" ")
    lines: list[list[bytes]] = [words[:1]]
    keywords = False
    for word in words[1:]:
        name = word.decode("ascii", "replace")
        owner = lines[-1][0].decode("ascii", "replace")
        if (not keywords and not _is_keyword(word)) or (keywords and _belongs(owner, name, len(lines[-1]))):
            lines[-1].append(word)
        else:
            keywords = True
            lines.append([word])
    texts = [b" ".join(words) for words in lines if any(words)]
    return [b"250-" + text for text in texts[:-1]] + [b"250 " + texts[-1]]


def _is_keyword(word: bytes) -> bool:
    return word in KEYWORDS or word.startswith((b"AUTH=", b"X-"))


def _belongs(owner: str, word: str, parts: int) -> bool:
    if owner in WITH_MECHANISMS:
        return word in MECHANISMS
    if owner in ("SIZE", "DELIVERBY"):
        return word.isdigit() and parts == 1
    return owner in WITH_ARGUMENTS and word.encode() not in KEYWORDS


KEYWORDS = frozenset(
    b"SIZE PIPELINING DSN ENHANCEDSTATUSCODES STARTTLS X-ANONYMOUSTLS AUTH X-EXPS 8BITMIME BINARYMIME"
    b" CHUNKING XEXCH50 XRDST"
    b" XSHADOW XSHADOWREQUEST SMTPUTF8 TURN ETRN VRFY EXPN HELP XPROXY XPROXYFROM XPROXYTO XSESSIONPA"
    b"RAMS XCLIENT XFORWARD"
    b" DELIVERBY LIMITS XLOOP XORIGFROM XSYSPROBE XMESSAGECONTEXT XOORG XADRC XEXTENDEDPROPERTIES XFASTINDEX OK".split()
)
