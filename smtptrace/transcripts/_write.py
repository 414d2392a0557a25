"""Connections as text in the `C:`/`S:` form; its grammar stands in docs/dialects.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from smtptrace.transcripts._escape import escape, escaped, line_of
from smtptrace.wire import (
    Close,
    Connection,
    Event,
    Exactness,
    Gap,
    Irregularity,
    Note,
    Octets,
    Open,
    Secured,
    Side,
    TimeBasis,
    Typed,
)

PLACEHOLDER = re.compile(rb"\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*\}")
NAMES = {Side.CLIENT: "client", Side.SERVER: "server"}
DIRECTIVES = ("expect", "set", "login")
"""Comments of a script: what a replay is to expect and to do (docs/replay.md); kept as notes that begin so."""
_DIRECTIVE = tuple(f"{word}: " for word in DIRECTIVES)
SECOND = 1_000_000_000
YEAR_10000 = 253_402_300_800


def write(connection: Connection | Any) -> str:
    """The connection (or a session's connection) as text; reading it gives the same events in the same order.

    Octets that follow each other without anything between are joined; times are those of the beginning of each line.
    """
    connection = getattr(connection, "connection", connection)
    return "".join(line + "\n" for line in _written(connection))


def _written(connection: Connection) -> Iterator[str]:
    yield "# session: " + escape((connection.label or "").encode("utf-8", "replace"))
    for name, end in (("client", connection.client), ("server", connection.server)):
        if end.host or end.port:
            yield f"# {name}: {end}"
    basis = connection.origin.time_basis
    if basis not in (TimeBasis.UTC, TimeBasis.NONE):
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
        if when != self._time:
            self._time = when
            yield "# time: " + ("?" if when is None else _time(when, self._basis))


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
    if basis in (TimeBasis.RELATIVE, TimeBasis.NONE) or not 0 <= seconds < YEAR_10000:
        return f"{seconds:+d}.{rest:09d}"
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _describe(event: Event) -> Iterator[str]:
    if isinstance(event, Gap):
        yield f"# gap: {NAMES[event.side]} {'?' if event.size is None else event.size} {event.reason.value}"
    elif isinstance(event, Secured):
        yield from _describe_tls(event)
    elif isinstance(event, Note):
        if event.text.startswith(_DIRECTIVE):
            yield "# " + _said(event.text)
        else:
            yield "# note: " + _said(event.text)
    elif isinstance(event, Close):
        yield f"# close: {NAMES[event.side]} {event.how.value}"
    elif isinstance(event, Open):
        yield f"# open: {event.how.value}"
    elif isinstance(event, Irregularity):
        yield f"# irregular: {NAMES[event.side]} {_said(event.kind + ' ' + event.detail)}"
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
    said = (f"{name}={_said(value).replace(' ', escaped(' '))}" for name, value in facts.items() if value is not None)
    yield "# tls: " + " ".join(said)
    if event.certificate:
        yield "# certificate: " + json.dumps(asdict(event.certificate), ensure_ascii=True)
