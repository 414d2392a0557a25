"""What a transcript tells, as lines that read like a dialogue."""

from __future__ import annotations

from smtptrace import transcripts
from smtptrace.smtp import Session, read_session
from smtptrace.wire import Connection, Event, Exactness, Gap, Note, Octets, Secured, Side, Typed

SHORT = {
    Exactness.SEEN: "",
    Exactness.LINE_END_SUPPLIED: "",
    Exactness.DECODED: " (decoded)",
    Exactness.MASKED: " (masked)",
}


def line(event: Event) -> str:
    """One event: `C: EHLO x`, `S: 250 ok`, `gap: client`, `tls`, `note: ...`."""
    if isinstance(event, Octets):
        mark = "C" if event.side is Side.CLIENT else "S"
        said = event.data.decode("utf-8", "backslashreplace")
        return f"{mark}: {said.removesuffix(chr(10)).removesuffix(chr(13))}{SHORT[event.exactness]}"
    if isinstance(event, Gap):
        return f"gap: {event.side.name.lower()}" + (f" {event.size}" if event.size is not None else "")
    if isinstance(event, Secured):
        return "tls" + (" implicit" if event.implicit else "") + (f" {event.version}" if event.version else "")
    if isinstance(event, Note):
        return f"note: {event.text}"
    if isinstance(event, Typed):
        return f"typed: {event.meant.decode()}"
    return type(event).__name__.lower()


def connections(text: str | bytes) -> tuple[Connection, ...]:
    """The connections of a text; a `str` is dedented of its first line's margin."""
    return transcripts.read(text.encode() if isinstance(text, str) else text)


def told(text: str | bytes, *, notes: bool = False) -> list[str]:
    """What the only connection of a text tells, without its notes unless they are asked for."""
    (connection,) = connections(text)
    return [line(event) for event in connection.events if notes or not isinstance(event, Note)]


def notes(text: str | bytes) -> list[str]:
    """The notes of the only connection of a text."""
    (connection,) = connections(text)
    return [event.text for event in connection.events if isinstance(event, Note)]


def dialect(text: str | bytes) -> str:
    """The dialect that a text was read in."""
    (name,) = {connection.origin.format for connection in connections(text)}
    return name


def sessions(text: str | bytes) -> list[Session]:
    """The sessions of a text."""
    return [read_session(connection) for connection in connections(text)]


def exchanges(text: str | bytes) -> list[str]:
    """For each session of a text its verbs with the codes that ended them: `EHLO 250, QUIT 221`, `-` where unknown."""
    return [
        ", ".join(
            f"{(exchange.command.verb or '-') if exchange.command else '-'} "
            f"{exchange.reply.code if exchange.reply else '-'}"
            for exchange in session.exchanges
        )
        for session in sessions(text)
    ]
