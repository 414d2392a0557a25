"""The `C:`/`S:` form that smtptrace reads and writes octet by octet; its grammar stands in docs/dialects.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from smtptrace.transcripts._rows import endpoint
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import stamp
from smtptrace.wire import Certificate, Close, Closing, Connection, Endpoint, Event, Exactness, Gap, GapReason, Note, Octets
from smtptrace.wire import Open, Opening, Origin, Secured, Side, TimeBasis, Typed

COMMENT = re.compile(
    rb"# ?(?P<word>smtptrace|session|client|server|times|fact|time|expect|gap|tls|certificate|exactness|note|close|open|typed):"
    rb"(?: (?P<value>.*))?$"
)
SAID = re.compile(rb"(?P<side>[CS]):(?: (?P<line>.*))?$")
PLACEHOLDER = re.compile(rb"\$\{[A-Z][A-Z0-9_]*\}")
NAMES = {Side.CLIENT: "client", Side.SERVER: "server"}
EXPECT = "expect: "
SECOND = 1_000_000_000
JOINED = 1 << 20

PLAIN = re.compile(r"[^\\\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(\\))")


def write(connection: Connection | Any) -> str:
    """The connection (or a session's connection) as text; reading it gives the same events in the same order.

    Octets that follow each other without anything between are joined; times are those of the beginning of each line.
    """
    connection = getattr(connection, "connection", connection)
    return "".join(line + "\n" for line in _written(connection))


def is_ours(text: Text) -> bool:
    """Whether one of the comments of the form stands in the text."""
    return any(line.data.startswith(b"#") and COMMENT.match(line.data) for line in text.lines)


def read(text: Text) -> tuple[Connection, ...]:
    """The sessions of a text in this form; lines that are neither said nor a known comment are left out."""
    readers = [_Reader(text)]
    for line in text.lines:
        comment = COMMENT.match(line.data)
        if comment and comment["word"] == b"session" and readers[-1].began:
            readers.append(_Reader(text))
        readers[-1].take(line, comment)
    return tuple(reader.connection() for reader in readers if reader.events)


# Writing


def escape(data: bytes) -> str:
    """Octets as text on one line: printable UTF-8 as it is, `\\` doubled, everything else as `\\xNN`."""
    text = data.decode("utf-8", "surrogateescape")
    text = "".join(piece if PLAIN.fullmatch(piece) else _escaped(piece) for piece in _pieces(text))
    return text.replace("${", "\\x24{") if "${" in text else text


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for found in PLAIN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()]
        yield found.group()
        at = found.end()
    if at < len(text):
        yield text[at:]


def _escaped(piece: str) -> str:
    return "".join("\\\\" if mark == "\\" else _hex(mark) for mark in piece)


def _hex(mark: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in mark.encode("utf-8", "surrogateescape"))


def unescape(data: bytes) -> bytes:
    """The octets that an escaped text stands for."""
    if b"\\" not in data:
        return data
    return ESCAPE.sub(lambda found: bytes((int(found[1], 16),)) if found[1] else b"\\", data)


def line_of(data: bytes) -> str:
    """One line of a stream: CRLF is left out, its absence marked by a backslash at the end."""
    whole = data.endswith(b"\r\n")
    text = escape(data[:-2] if whole else data)
    if text.endswith((" ", "\t")) and whole:
        text = text[:-1] + _hex(text[-1])
    return text if whole else text + "\\"


def _written(connection: Connection) -> Iterator[str]:
    yield "# session: " + escape((connection.label or "").encode("utf-8", "replace"))
    for name, end in (("client", connection.client), ("server", connection.server)):
        if end.host or end.port:
            yield f"# {name}: {end}"
    basis = connection.origin.time_basis
    if basis is not TimeBasis.UTC:
        yield f"# times: {basis.value}"
    for name, value in connection.facts.items():
        yield "# fact: " + escape(f"{name}={value}".encode("utf-8", "replace"))
    writer = _Writer(basis)
    for event in connection.events:
        yield from writer.event(event)
    yield from writer.flush()


class _Writer:
    """Joins octets of one side to whole lines and says what changes before them."""

    def __init__(self, basis: TimeBasis) -> None:
        self._basis = basis
        self._time: int | None = None
        self._exactness = Exactness.SEEN
        self._held: list[Octets] = []

    def event(self, event: Event) -> Iterator[str]:
        if isinstance(event, Octets):
            first = self._held[0] if self._held else None
            if first and (first.side, first.exactness) != (event.side, event.exactness):
                yield from self.flush()
            self._held.append(event)
            return
        yield from self.flush()
        yield from self._at(event.time_ns)
        yield from _describe(event)

    def flush(self) -> Iterator[str]:
        held, self._held = self._held, []
        if not held:
            return
        lines = list(_lines(held))
        named = held[0].exactness is Exactness.MASKED and all(PLACEHOLDER.search(line) for _, line in lines)
        if held[0].exactness is not self._exactness and not named:
            self._exactness = held[0].exactness
            yield f"# exactness: {self._exactness.value}"
        mark = "C:" if held[0].side is Side.CLIENT else "S:"
        for when, line in lines:
            yield from self._at(when)
            text = line_of(line).replace("\\x24{", "${") if named else line_of(line)
            yield f"{mark} {text}" if text else mark

    def _at(self, when: int | None) -> Iterator[str]:
        if when is not None and when != self._time:
            self._time = when
            yield "# time: " + _time(when, self._basis)


def _lines(held: Sequence[Octets]) -> Iterator[tuple[int | None, bytes]]:
    """The lines of joined octets, each with the time of its first octet."""
    rest: list[bytes] = []
    began: int | None = None
    for event in held:
        at = 0
        while at < len(event.data):
            if not rest:
                began = event.place(at)[0]
            stop = event.data.find(b"\n", at) + 1 or len(event.data)
            rest.append(event.data[at:stop])
            at = stop
            if rest[-1].endswith(b"\n"):
                yield began, b"".join(rest)
                rest = []
    if rest:
        yield began, b"".join(rest)


def _time(when: int, basis: TimeBasis) -> str:
    seconds, rest = divmod(when, SECOND)
    if basis in (TimeBasis.RELATIVE, TimeBasis.NONE):
        return f"{seconds:+d}.{rest:09d}"
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _describe(event: Event) -> Iterator[str]:
    if isinstance(event, Gap):
        yield f"# gap: {NAMES[event.side]} {'?' if event.size is None else event.size} {event.reason.value}"
    elif isinstance(event, Secured):
        yield from _describe_tls(event)
    elif isinstance(event, Note):
        if event.text.startswith(EXPECT):
            yield "# " + _said(event.text)
        else:
            yield "# note: " + _said(event.text)
    elif isinstance(event, Close):
        yield f"# close: {NAMES[event.side]} {event.how.value}"
    elif isinstance(event, Open):
        yield f"# open: {event.how.value}"
    elif isinstance(event, Typed):
        yield f"# typed: {_quoted(event.raw)} {_quoted(event.meant)}"


def _said(text: str) -> str:
    return escape(text.encode("utf-8", "surrogateescape"))


def _quoted(data: bytes) -> str:
    return '"' + escape(data).replace('"', "\\x22") + '"'


def _describe_tls(event: Secured) -> Iterator[str]:
    facts = {
        "opened": "yes" if event.opened else "no",
        "implicit": "yes" if event.implicit else None,
        "version": event.version,
        "cipher": event.cipher,
        "sni": event.sni,
        "offered": ",".join(event.offered) or None,
        "alert": f"{NAMES[event.alert[0]]}:{event.alert[1]}" if event.alert else None,
        "after-alert": str(event.octets_after_alert) if event.octets_after_alert else None,
    }
    said = (f"{name}={_said(value).replace(' ', _hex(' '))}" for name, value in facts.items() if value is not None)
    yield "# tls: " + " ".join(said)
    if event.certificate:
        yield "# certificate: " + json.dumps(asdict(event.certificate), ensure_ascii=True)


# Reading


class _Reader:
    """One session of the form, line by line."""

    def __init__(self, text: Text) -> None:
        self.events: list[Event] = []
        self.began = False
        self._text = text
        self._ends = {"client": Endpoint("", 0), "server": Endpoint("", 0)}
        self._basis: TimeBasis | None = None
        self._facts: dict[str, str] = {}
        self._label: str | None = None
        self._time: int | None = None
        self._timed = False
        self._exactness = Exactness.SEEN

    def take(self, line: Line, comment: re.Match[bytes] | None) -> None:
        if comment:
            self.began = True
            self._comment(comment["word"].decode("ascii"), comment["value"] or b"", line.number)
            return
        said = SAID.match(line.data)
        if said:
            self.began = True
            self.events.append(self._octets(said, line.number))

    def connection(self) -> Connection:
        basis = self._basis or (TimeBasis.UTC if self._timed else TimeBasis.NONE)
        origin = Origin(self._text.path, "dialogue", self._text.confidence, basis)
        first = self.events[0]
        ends = self._ends
        return Connection(
            ends["client"], ends["server"], origin, first.frame, first.time_ns, tuple(self.events), self._label, self._facts
        )

    def _octets(self, said: re.Match[bytes], number: int) -> Octets:
        side = Side.CLIENT if said["side"] == b"C" else Side.SERVER
        line = said["line"] or b""
        short = (len(line) - len(line.rstrip(b"\\"))) % 2 == 1
        data = unescape(line[:-1]) if short else unescape(line) + b"\r\n"
        exactness = Exactness.MASKED if b"${" in line else self._exactness
        return Octets(side, data, self._time, number, exactness)

    def _comment(self, word: str, value: bytes, number: int) -> None:
        text = unescape(value).decode("utf-8", "surrogateescape")
        if word in self._ends:
            self._ends[word] = endpoint(value) or self._ends[word]
        elif word == "session":
            self._label = text or None
        elif word == "fact":
            name, _, fact = text.partition("=")
            self._facts[name] = fact
        elif word == "time":
            self._timed, self._time = True, _read_time(value)
        elif word in STATES:
            setattr(self, *STATES[word](text, self))
        elif word in EVENTS:
            self._event(EVENTS[word](value, text), number)

    def _event(self, event: Event | Certificate | None, number: int) -> None:
        if isinstance(event, Certificate):
            last = self.events[-1] if self.events else None
            if isinstance(last, Secured):
                last.certificate = event
        elif event is not None:
            event.time_ns, event.frame = self._time, number
            self.events.append(event)


def _member(kind: Any, value: str, default: Any) -> Any:
    return next((member for member in kind if member.value == value), default)


STATES: dict[str, Callable[[str, Any], tuple[str, Any]]] = {
    "times": lambda text, _: ("_basis", _member(TimeBasis, text, None)),
    "exactness": lambda text, reader: ("_exactness", _member(Exactness, text, reader._exactness)),
}


def _read_time(value: bytes) -> int | None:
    relative = re.fullmatch(rb"([+-][0-9]{1,12})\.([0-9]{9})", value)
    if relative:
        return int(relative[1]) * SECOND + int(relative[2])
    when = stamp(value)
    return when.ns if when else None


def _gap(value: bytes, text: str) -> Gap | None:
    found = re.fullmatch(r"(client|server) (\?|[0-9]{1,15}) ([a-z-]+)", text)
    if not found:
        return None
    side = Side.CLIENT if found[1] == "client" else Side.SERVER
    return Gap(side, None if found[2] == "?" else int(found[2]), _member(GapReason, found[3], GapReason.NOT_LOGGED))


def _tls(value: bytes, text: str) -> Secured:
    parts = (part.partition(b"=") for part in value.split(b" "))
    fact = {name.decode("utf-8", "replace"): unescape(said).decode("utf-8", "replace") for name, _, said in parts}
    side, _, alert = fact.get("alert", "").partition(":")
    after = fact.get("after-alert", "")
    return Secured(
        opened=fact.get("opened", "yes") == "yes",
        implicit=fact.get("implicit") == "yes",
        version=fact.get("version"),
        cipher=fact.get("cipher"),
        sni=fact.get("sni"),
        offered=tuple(fact["offered"].split(",")) if fact.get("offered") else (),
        alert=(Side.CLIENT if side == "client" else Side.SERVER, alert) if alert else None,
        octets_after_alert=int(after) if re.fullmatch("[0-9]{1,15}", after) else 0,
    )


def _certificate(value: bytes, text: str) -> Certificate | None:
    try:
        facts = json.loads(value)
        return Certificate(**(facts | {"names": tuple(facts.get("names", ()))}))
    except (ValueError, TypeError, AttributeError):
        return None


def _close(value: bytes, text: str) -> Close | None:
    side, _, how = text.partition(" ")
    if side not in NAMES.values():
        return None
    return Close(Side.CLIENT if side == "client" else Side.SERVER, _member(Closing, how, Closing.END_OF_CAPTURE))


def _typed(value: bytes, text: str) -> Typed | None:
    found = re.fullmatch(rb'"([^"]*)" "([^"]*)"', value)
    return Typed(unescape(found[1]), unescape(found[2])) if found else None


EVENTS: dict[str, Callable[[bytes, str], Event | Certificate | None]] = {
    "gap": _gap,
    "tls": _tls,
    "certificate": _certificate,
    "close": _close,
    "open": lambda _, text: Open(_member(Opening, text, Opening.SYN_SEEN)),
    "typed": _typed,
    "note": lambda _, text: Note(text),
    "expect": lambda _, text: Note(EXPECT + text),
}
