"""The `C:`/`S:` form that smtptrace reads and writes octet by octet; its grammar stands in docs/dialects.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from smtptrace.transcripts._escape import unescape
from smtptrace.transcripts._rows import endpoint
from smtptrace.transcripts._text import Line, Text
from smtptrace.transcripts._times import stamp
from smtptrace.transcripts._write import DIRECTIVES, NAMES, SECOND
from smtptrace.wire import (
    Certificate,
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Irregularity,
    Note,
    Octets,
    Open,
    Opening,
    Origin,
    Secured,
    Side,
    TimeBasis,
    Typed,
)

COMMENT = re.compile(
    rb"# ?(?P<word>smtptrace|session|client|server|times|fact|time|expect|set|login|gap|tls|certificate"
    rb"|exactness|note|close|open|typed|irregular):"
    rb"(?: (?P<value>.*))?$"
)
SAID = re.compile(rb"(?P<side>[CS]):(?: (?P<line>.*))?$")


def is_ours(text: Text) -> bool:
    """Whether one of the comments of the form stands in the text."""
    return any(line.data.startswith(b"#") and COMMENT.match(line.data) for line in text.lines)


def read(text: Text) -> Iterable[Connection]:
    """The sessions of a text in this form; lines that are neither said nor a known comment are left out."""
    readers = [_Reader(text)]
    for line in text.lines:
        comment = COMMENT.match(line.data)
        if comment and comment["word"] == b"session" and readers[-1].began:
            readers.append(_Reader(text))
        readers[-1].take(line, comment)
    return tuple(reader.connection() for reader in readers if reader.events)


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
            ends["client"],
            ends["server"],
            origin,
            first.frame,
            first.time_ns,
            tuple(self.events),
            self._label,
            self._facts,
        )

    def _octets(self, said: re.Match[bytes], number: int) -> Octets:
        side = Side.CLIENT if said["side"] == b"C" else Side.SERVER
        line = said["line"] or b""
        short = (len(line) - len(line.rstrip(b"\\"))) % 2 == 1
        data = unescape(line[:-1]) if short else unescape(line) + b"\r\n"
        exactness = Exactness.MASKED if b"${" in line else self._exactness
        return Octets(side, data, self._time, number, exactness)

    def _comment(self, word: str, value: bytes, number: int) -> None:
        text = _text(value)
        if word in self._ends:
            self._ends[word] = endpoint(value) or self._ends[word]
        elif word == "session":
            self._label = text or None
        elif word == "fact":
            name, _, fact = text.partition("=")
            self._facts[name] = fact
        elif word == "time":
            self._timed, self._time = True, _read_time(value)
        elif word == "times":
            self._basis = _member(TimeBasis, text, None)
        elif word == "exactness":
            self._exactness = _member(Exactness, text, self._exactness)
        elif word in EVENTS:
            self._event(EVENTS[word](value), number)

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


def _read_time(value: bytes) -> int | None:
    relative = re.fullmatch(rb"([+-][0-9]{1,20})\.([0-9]{9})", value)
    if relative:
        return int(relative[1]) * SECOND + int(relative[2])
    when = stamp(value)
    return when.ns if when else None


def _text(value: bytes) -> str:
    return unescape(value).decode("utf-8", "surrogateescape")


def _side(name: str) -> Side:
    return Side.CLIENT if name == "client" else Side.SERVER


def _gap(value: bytes) -> Gap | None:
    found = re.fullmatch(r"(client|server) (\?|[0-9]{1,15}) ([a-z-]+)", _text(value))
    if not found:
        return None
    return Gap(
        _side(found[1]), None if found[2] == "?" else int(found[2]), _member(GapReason, found[3], GapReason.NOT_LOGGED)
    )


def _tls(value: bytes) -> Secured:
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
        alert=(_side(side), alert) if alert else None,
        octets_after_alert=int(after) if re.fullmatch("[0-9]{1,15}", after) else 0,
    )


def _certificate(value: bytes) -> Certificate | None:
    try:
        facts = json.loads(value)
        return Certificate(**(facts | {"names": tuple(facts.get("names", ()))}))
    except (ValueError, TypeError, AttributeError):
        return None


def _close(value: bytes) -> Close | None:
    side, _, how = _text(value).partition(" ")
    if side not in NAMES.values():
        return None
    return Close(_side(side), _member(Closing, how, Closing.END_OF_CAPTURE))


def _typed(value: bytes) -> Typed | None:
    found = re.fullmatch(rb'"([^"]*)" "([^"]*)"', value)
    return Typed(unescape(found[1]), unescape(found[2])) if found else None


def _irregular(value: bytes) -> Irregularity | None:
    side, _, told = _text(value).partition(" ")
    kind, _, detail = told.partition(" ")
    if side not in NAMES.values() or not kind:
        return None
    return Irregularity(kind, detail, _side(side))


def _directive(word: str, value: bytes) -> Note:
    return Note(f"{word}: {_text(value)}")


EVENTS: dict[str, Callable[[bytes], Event | Certificate | None]] = {
    "gap": _gap,
    "tls": _tls,
    "certificate": _certificate,
    "close": _close,
    "open": lambda value: Open(_member(Opening, _text(value), Opening.SYN_SEEN)),
    "typed": _typed,
    "irregular": _irregular,
    "note": lambda value: Note(_text(value)),
    **{word: partial(_directive, word) for word in DIRECTIVES},
}
