"""Sessions as packets."""

from __future__ import annotations

from io import BytesIO

from support.connections import CLIENT, SERVER, START, dialogue
from support.packets import blocks

from smtptrace import pcapng
from smtptrace.outputs.pcapng_file import writer
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session
from smtptrace.wire import Octets


def test_one_session_after_the_other() -> None:
    """In one section, as the writer makes it of their connections."""
    said = [dialogue("S: 220 a", f"C: {verb}", "S: 250 ok") for verb in ("NOOP", "QUIT")]
    stream, expected = BytesIO(), BytesIO()
    write = writer(stream)
    for connection in said:
        write(trace_session(read_session(connection)), "x")
    pcapng.write(expected, said)
    assert stream.getvalue() == expected.getvalue()


def test_packets_are_in_their_order() -> None:
    """Though the octets of one side were given after those of the other."""
    asked = Octets(CLIENT, b"NOOP\r\nQUIT\r\n", START, 1, places=((6, START, 3),))
    answered = Octets(SERVER, b"250 ok\r\n", START, 2)
    stream = BytesIO()
    writer(stream)(trace_session(read_session(dialogue(asked, answered))), "x")
    packets = [body for kind, body in blocks(stream.getvalue()) if kind == 6]
    said = [word for body in packets for word in (b"NOOP", b"250 ok", b"QUIT") if word in body]
    assert said == [b"NOOP", b"250 ok", b"QUIT"]
