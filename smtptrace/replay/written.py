"""A cleaned session as a script to edit: with what each reply was, and who logs in (docs/replay.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from smtptrace.replay.expect import LOGIN, MARK
from smtptrace.replay.script import LoginAs, Said, script_of
from smtptrace.smtp import read_session
from smtptrace.trace import Trace
from smtptrace.wire import Connection, Event, Note, Octets, Side

EXPECT = ("code", "enhanced")
"""What is written down of a reply: its code, or its enhanced code too."""


def with_directions(trace: Trace, cleaned: Connection, kind: str) -> Connection:
    """The session as it was meant, with `# expect:` before each final reply and `# login:` before each login.

    Args:
        trace: of the session as it was recorded.
        cleaned: the same as `clean` gives it.
        kind: one of `EXPECT`.

    Raises:
        NotPlayableError: there is nothing in the session that could be played.
    """
    session = read_session(cleaned)
    greeting, *steps = script_of(trace, "").steps
    notes: dict[tuple[Side, int], Note] = {}
    for step, exchange in zip(steps, (each for each in session.exchanges if each.command), strict=False):
        if exchange.reply is not None and step.recorded is not None:
            notes[Side.SERVER, exchange.reply.span.start] = _expected(step.recorded, kind)
        if exchange.command is not None and step.login is not None and step.login.user:
            notes[Side.CLIENT, exchange.command.span.start] = Note(LOGIN + _who(step.login))
    if session.greeting is not None and greeting.recorded is not None:
        notes[Side.SERVER, session.greeting.span.start] = _expected(greeting.recorded, kind)
    return replace(cleaned, events=tuple(_noted(cleaned, notes)))


def _expected(said: Said, kind: str) -> Note:
    enhanced = f" {said.enhanced}" if kind == "enhanced" and said.enhanced else ""
    return Note(f"{MARK}{said.code}{enhanced}")


def _who(login: LoginAs) -> str:
    return f"{login.domain}\\{login.user}" if login.domain else login.user


def _noted(connection: Connection, notes: dict[tuple[Side, int], Note]) -> Iterator[Event]:
    at = [0, 0]
    for event in connection.events:
        if isinstance(event, Octets):
            note = notes.pop((event.side, at[event.side]), None)
            if note is not None:
                yield note
            at[event.side] += len(event.data)
        yield event
