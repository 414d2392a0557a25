"""Exchange protocol logs, SmtpReceive and SmtpSend: CSV rows, sessions interleaved, direction by `#Log-type`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from smtptrace.transcripts._build import connections
from smtptrace.transcripts._hidden import is_masked
from smtptrace.transcripts._rows import Kind, Row, endpoint, likely
from smtptrace.transcripts._sessions import Sessions
from smtptrace.transcripts._text import Text
from smtptrace.transcripts._times import Clock, stamp
from smtptrace.wire import Connection, Exactness

HIDES = frozenset({"line-ends", "content", "credentials"})
FIELDS = tuple(
    "date-time connector-id session-id sequence-number local-endpoint remote-endpoint event data context".split()
)
ROW = re.compile(
    rb"\xef?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}Z?,[^,]*,[0-9A-Fa-f]{8,32},[0-9]{1,9},[^,]*,[^,]*,[-+<>*]"
)
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
NUMBER = attrgetter("number")


class Entry(NamedTuple):
    """One row of the log: its line, and its columns as the log's own version 15 orders them."""

    frame: int
    time: bytes = b""
    connector: bytes = b""
    session: bytes = b""
    number: int = 0
    local: bytes = b""
    remote: bytes = b""
    event: bytes = b""
    data: bytes = b""
    context: bytes = b""


@dataclass(slots=True)
class Header:
    """What the lines with `#` say: facts of every session, the direction (None: not told), where the columns are."""

    facts: dict[str, str] = field(default_factory=dict)
    sending: bool | None = None
    order: tuple[int, ...] | None = None

    def learn(self, name: str, value: str) -> None:
        """Take a line of the header."""
        if name in ("software", "version", "log-type"):
            self.facts[name] = value
        if name == "log-type":
            self.sending = "send" in value.lower()
        if name == "fields":
            names = [each.strip().lower() for each in value.split(",")]
            self.order = tuple(names.index(each) if each in names else len(names) for each in FIELDS)
            self.order = None if self.order == tuple(range(len(FIELDS))) else self.order


def confidence(text: Text) -> float:
    """Sure by the header or by whole rows; a few columns alone are weak."""
    whole = likely(text, ROW, 0.9, 0.99)
    return whole or likely(text, SHORT, 0.2, 0.6)


def read(text: Text) -> Iterable[Connection]:
    """The sessions by their ids, each as soon as it is over; its rows in the order of their numbers."""
    clock, header = Clock(text.zone, text.year), Header()
    for entries in _sessions(text, header):
        entries.sort(key=NUMBER)
        sending = _is_sending(entries) if header.sending is None else header.sending
        rows = _session(entries, sending, tuple(header.facts.items()))
        yield from connections(text, "exchange", rows, HIDES, clock)


def _sessions(text: Text, header: Header) -> Iterator[list[Entry]]:
    sessions = Sessions[list[Entry]]()
    for line in text.lines:
        told = HEADER.match(line.data)
        if told:
            header.learn(told["name"].decode().lower(), told["value"].decode("utf-8", "replace").strip())
            continue
        entry = _entry(line.number, line.data, header.order)
        if entry is not None:
            entries = sessions.get(entry.session)
            if entries is None:
                entries = sessions.begin(entry.session, [])
            entries.append(entry)
            if entry.event == b"-":
                sessions.end(entry.session)
            yield from sessions.over()
    yield from sessions.rest()


def _entry(number: int, line: bytes, order: tuple[int, ...] | None) -> Entry | None:
    if ROW.match(line):
        columns = _columns(line)
        if order:
            columns = [*columns, *[b""] * len(FIELDS)]
            columns = [columns[at] for at in order]
        time, connector, session, at, local, remote, event, data, context = [*columns, b"", b""][: len(FIELDS)]
        return Entry(
            number, time, connector, session, int(at[:9]) if at.isdigit() else 0, local, remote, event, data, context
        )
    short = SHORT.match(line)
    if not short:
        return None
    columns = _columns(b"x," + short["data"])[1:]
    data, context = [*columns, b"", b""][:2]
    return Entry(number, event=short["event"], data=data, context=context)


def _columns(line: bytes) -> list[bytes]:
    if b'"' not in line:
        return line.split(b",")
    csv.field_size_limit(MAX_FIELD)
    try:
        row = next(csv.reader([line.decode("utf-8", "surrogateescape")]))
    except csv.Error:  # a lone CR outside quotes: it is no row of Exchange's own any more
        return line.split(b",")
    return [column.encode("utf-8", "surrogateescape") for column in row]


def _is_sending(entries: Iterable[Entry]) -> bool:
    """Without a header: replies begin with a code, so the arrow of the first row with one tells the direction."""
    for entry in entries:
        if entry.event in (b"<", b">") and entry.data:
            return (entry.event == b"<") == entry.data[:3].isdigit()
    return False


def _session(entries: Sequence[Entry], sending: bool, facts: tuple[tuple[str, str], ...]) -> Iterator[Row]:
    sent, got = (Kind.CLIENT, Kind.SERVER) if sending else (Kind.SERVER, Kind.CLIENT)
    connector = entries[0].connector.decode("utf-8", "replace")
    facts = (*facts, ("connector", connector)) if connector else facts
    reached = 0
    ends = None
    for entry in entries:
        reached = max(reached, entry.frame)  # rows out of order are told where the last one before them is
        row = Row(Kind.NOTE, reached, b"", entry.session, stamp(entry.time))
        if ends != (entry.local, entry.remote):
            ends = entry.local, entry.remote
            near, far = (entry.remote, entry.local) if sending else ends
            row = row._replace(server=endpoint(near), client=endpoint(far))
        if row.server or row.client or entry.event == b"+":
            yield row._replace(kind=Kind.START, facts=facts)
        if entry.event in (b">", b"<"):
            yield from _said(row._replace(kind=sent if entry.event == b">" else got, data=entry.data))
        elif entry.event == b"-":
            yield row._replace(kind=Kind.END, data=b"Disconnected: " + (entry.context or entry.data))
        elif entry.data or entry.context:
            yield row._replace(data=b": ".join(part for part in (entry.context, entry.data) if part))


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
