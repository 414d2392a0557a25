r"""Dialogues as text, for tests that read like dialogues.

One line of the script is one line of the dialogue, or a remark of what happened to it:

    S: 220 hi               the server sent "220 hi" CRLF
    C: EHLO a               the client sent "EHLO a" CRLF
    C> QUIT\n               the client sent exactly these octets; \r \n \t \0 \\ \xNN stand for themselves
    -- gap C 100 lost       100 octets of the client are missing ("?" for an unknown number)
    -- secured opened       TLS begins here, and the octets after it are in clear ("secured" alone: they are not)
    -- note LogonDenied     what the source says beside the wire
    -- close S fin          the server's side ends (fin, rst, end-of-capture)

Blank lines and indentation mean nothing. Every line is an event with its own frame (1, 2, 3, ...) and a time 10 ms
after the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from smtptrace.smtp import Session, read_session
from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Note,
    Octets,
    Origin,
    Secured,
    Side,
    TimeBasis,
)

START_NS = 1_767_323_045_000_000_000
STEP_NS = 10_000_000

_SIDES = {"C": Side.CLIENT, "S": Side.SERVER}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_NAMED = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def octets(text: str) -> bytes:
    r"""The octets that a text with escapes (\r \n \t \0 \\ \xNN) stands for; other characters in UTF-8."""

    def plain(found: re.Match[str]) -> str:
        return (
            chr(0xDC00 + int(found[1], 16))
            if found[1] and int(found[1], 16) > 127
            else (chr(int(found[1], 16)) if found[1] else _NAMED[found[2]])
        )

    return _ESCAPE.sub(plain, text).encode("utf-8", "surrogateescape")


def connection(script: str, *, port: int = 25, events: Sequence[Event] | None = None) -> Connection:
    """The connection that a script tells of, with all its events; or one of the `events` given."""
    return Connection(
        client=Endpoint("10.0.0.5", 50011),
        server=Endpoint("10.0.0.1", port),
        origin=Origin(path="dialogue", format="test", time_basis=TimeBasis.UTC),
        number=1,
        time_ns=START_NS,
        events=tuple(dialogue_events(script)) if events is None else tuple(events),
    )


def session(script: str, *, keep_content: bool = False) -> Session:
    """The session that a script tells of."""
    return read_session(connection(script), keep_content=keep_content)


def dialogue_events(script: str) -> Iterable[Event]:
    """The events of a script."""
    lines = [line for line in map(str.lstrip, script.split("\n")) if line.strip()]
    for number, line in enumerate(lines, 1):
        yield _event(line, START_NS + number * STEP_NS, number)


def _event(line: str, time_ns: int, frame: int) -> Event:
    if line[:2] == "--":
        return _remark(line[2:].split(), time_ns, frame)
    side, mark, rest = _SIDES[line[0]], line[1], line[2:].removeprefix(" ")
    data = octets(rest) + (b"\r\n" if mark == ":" else b"")
    return Octets(side, data, time_ns, frame)


def _remark(words: list[str], time_ns: int, frame: int) -> Event:
    match words:
        case ["gap", side, size, *reason]:
            count = None if size == "?" else int(size)
            return Gap(_SIDES[side], count, GapReason(reason[0] if reason else "lost"), time_ns, frame)
        case ["secured", *opened]:
            return Secured(opened=bool(opened), time_ns=time_ns, frame=frame)
        case ["close", side, how]:
            return Close(_SIDES[side], Closing(how), time_ns, frame)
        case ["note", *text]:
            return Note(" ".join(text), time_ns, frame)
    raise ValueError(f"not a remark: {words}")


def in_pieces(events: Iterable[Event], size: int = 1) -> list[Event]:
    """The same events with their octets cut into pieces of `size`."""
    cut: list[Event] = []
    for event in events:
        if isinstance(event, Octets):
            cut.extend(
                Octets(event.side, event.data[at : at + size], *event.place(at), event.exactness)
                for at in range(0, len(event.data), size)
            )
        else:
            cut.append(event)
    return cut


def streams(events: Iterable[Event]) -> tuple[bytes, bytes]:
    """All octets of the client, and all of the server."""
    sent = [b"", b""]
    for event in events:
        if isinstance(event, Octets):
            sent[event.side] += event.data
    return sent[0], sent[1]


def interleaved(client: bytes, server: bytes, turns: Iterable[tuple[Side, int]]) -> list[Event]:
    """Both streams cut and mixed as `turns` (side, size) say; what is left over comes at the end, client first."""
    rest = [client, server]
    mixed: list[Event] = []
    for side, size in (*turns, (Side.CLIENT, len(client)), (Side.SERVER, len(server))):
        piece, rest[side] = rest[side][:size], rest[side][size:]
        if piece:
            mixed.append(Octets(side, piece))
    return mixed


def masked(side: Side, data: bytes) -> Octets:
    """Octets that a log shows masked."""
    return Octets(side, data, exactness=Exactness.MASKED)


def talk(read: Session) -> list[tuple[str | None, int | None]]:
    """(verb, code) of every exchange."""
    return [(e.command.verb if e.command else None, e.reply.code if e.reply else None) for e in read.exchanges]
