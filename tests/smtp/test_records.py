"""What records derive from the octets they hold."""

from __future__ import annotations

from support.dialogue import START_NS, STEP_NS, session

from smtptrace.smtp import Command, Content, Exchange, Reply
from smtptrace.wire import Side, Span

SPAN = Span(Side.CLIENT, 0, 10)


def test_a_command_and_its_parts():
    """The argument is everything after the verb and one space, the whole line where there is no verb."""
    assert Command("NOOP", b"noop  x \r\n", SPAN).argument == b" x "
    assert Command(None, b"\x08x\r\n", SPAN).argument == b"\x08x"
    assert Command("QUIT", b"QUIT\r\n", SPAN).argument == b""


def test_a_reply_and_its_parts():
    """Texts keep the enhanced code; it is that of the first line that has one."""
    reply = Reply(550, (b"550-5.1.1 no", b"550 5.1.1 such user"), SPAN)
    assert reply.texts == (b"5.1.1 no", b"5.1.1 such user")
    assert reply.enhanced == "5.1.1"


def test_latency():
    """From the command to the reply; None where a time or one of both is missing."""
    (first,) = session("S: 220 hi\nC: NOOP\nS: 250 ok").exchanges
    assert first.latency_ns == STEP_NS
    assert first.command is not None
    assert first.command.span.time_ns == START_NS + 2 * STEP_NS
    assert Exchange(first.command, None).latency_ns is None
    assert Exchange(first.command, Reply(250, (b"250 ok",), SPAN)).latency_ns is None


def test_the_size_of_a_content():
    """Known only where all of it is here."""
    assert Content(seen=5, complete=True).size == 5
    assert Content(seen=5).size is None
