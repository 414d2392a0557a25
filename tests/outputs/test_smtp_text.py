"""Sessions as `C:`/`S:` text."""

from __future__ import annotations

from io import BytesIO

from support.connections import CLIENT, SERVER, START, dialogue

from smtptrace.outputs.smtp_text import writer
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session
from smtptrace.transcripts import read
from smtptrace.wire import Octets


def test_one_session_after_the_other() -> None:
    """They are read as two again."""
    stream = BytesIO()
    write = writer(stream)
    for verb in ("NOOP", "QUIT"):
        write(trace_session(read_session(dialogue("S: 220 a", f"C: {verb}", "S: 250 ok"))), "x")
    assert b"C: NOOP\n" in stream.getvalue()
    assert [connection.client.host for connection in read(stream.getvalue())] == ["10.0.0.5", "10.0.0.5"]


def test_turns_are_those_of_the_packets() -> None:
    """Though the octets of one side were given after those of the other."""
    asked = Octets(CLIENT, b"NOOP\r\nQUIT\r\n", START, 1, places=((6, START, 3),))
    answered = Octets(SERVER, b"250 ok\r\n221 bye\r\n", START, 2, places=((8, START, 4),))
    stream = BytesIO()
    writer(stream)(trace_session(read_session(dialogue(asked, answered))), "x")
    said = [line for line in stream.getvalue().splitlines() if line.startswith((b"C:", b"S:"))]
    assert said == [b"C: NOOP", b"S: 250 ok", b"C: QUIT", b"S: 221 bye"]
