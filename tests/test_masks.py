"""Masks of the same length over every secret."""

from __future__ import annotations

import base64

from support.connections import CLIENT, SERVER, START, dialogue, streams

from smtptrace import masks
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session
from smtptrace.wire import Connection, Exactness, Note, Octets, Typed

PLAIN = base64.b64encode(b"\0alice\0Secret123!").decode()


def masked(connection: Connection) -> Connection:
    return masks.masked(connection, trace_session(read_session(connection)).credentials)


def test_a_login_is_masked_where_it_was_sent() -> None:
    """Same length, the line end and the rest of the line stay, and the line is marked."""
    said = dialogue("S: 220 a", f"C: AUTH PLAIN {PLAIN}", "S: 235 ok")
    event = masked(said).events[1]
    assert isinstance(event, Octets)
    assert event.data == b"AUTH PLAIN " + b"*" * len(PLAIN) + b"\r\n"
    assert event.exactness is Exactness.MASKED


def test_what_a_server_repeats_keeps_its_code() -> None:
    """In whatever form, and in what is said beside the octets."""
    said = dialogue(
        "S: 220 a",
        f"C: AUTH PLAIN {PLAIN}",
        "S: 535 no such password: Secret123!",
        Note("tried Secret123!"),
        Typed(b"Secret123!", b"Secret123!"),
    )
    said.label, said.facts = "Secret123!", {"password": "Secret123!"}
    shown = masked(said)
    assert streams(shown)[SERVER].startswith(b"220 a\r\n535 ")
    assert len(streams(shown)[SERVER]) == len(streams(said)[SERVER])
    assert "Secret" not in repr(shown)


def test_a_login_typed_octet_by_octet_is_masked() -> None:
    """Though no packet holds more than one octet of it."""
    line = f"AUTH PLAIN {PLAIN}\r\n".encode()
    typed = Octets(CLIENT, line, START, 2, places=[(at, START, at + 2) for at in range(1, len(line))])
    shown = masked(dialogue("S: 220 a", typed, "S: 235 ok"))
    assert streams(shown)[CLIENT] == b"AUTH PLAIN " + b"*" * len(PLAIN) + b"\r\n"


def test_without_credentials_nothing_changes() -> None:
    """It is the same connection."""
    said = dialogue("S: 220 a", "C: QUIT")
    assert masked(said) is said


def test_a_misspelt_login_is_masked() -> None:
    """Where no login is, and the server knew no such command."""
    trace = trace_session(read_session(dialogue("S: 220 a", f"C: AUHT PLAIN {PLAIN}", "S: 500 what")))
    assert streams(masks.shown(trace).session.connection)[CLIENT] == b"AUHT PLAIN " + b"*" * len(PLAIN) + b"\r\n"
