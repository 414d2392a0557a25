"""Replies that keep to the rules, and others."""

from __future__ import annotations

import pytest
from support.dialogue import connection, session, talk

from smtptrace.smtp import read_session
from smtptrace.wire import Octets, Side


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def test_odd_replies():
    """Codes that differ in one reply, lines without a code, LF alone."""
    read = session(r"""
        S: 220 hi
        C: EHLO a
        S> 250-hi\r\nno code here\r\n550 HELP\r\n
        C: NOOP
        S> nonsense\r\n250 ok\n
    """)
    assert talk(read) == [("EHLO", 550), ("NOOP", 250)]
    assert read.exchanges[0].reply.lines == (b"250-hi", b"no code here", b"550 HELP")
    assert kinds(read) == ["malformed-reply", "inconsistent-reply-codes", "malformed-reply", "bare-lf"]


@pytest.mark.parametrize(("end", "slow"), [(b"\r\n", False), (b"\n", True)], ids=["by the rules", "line by line"])
def test_a_reply_in_several_packets(end, slow):
    """Names those behind the first, however it was read, joined by the source or not."""
    lines = [b"250-mx.example.test" + end, b"250-SIZE 1000" + end, b"250 AUTH LOGIN" + end]
    apart = [Octets(Side.SERVER, line, number, number) for number, line in enumerate(lines, 5)]
    at = len(lines[0]), len(lines[0] + lines[1])
    joined = [Octets(Side.SERVER, b"".join(lines), 5, 5, places=((at[0], 6, 6), (at[1], 7, 7)))]
    for events in (apart, joined):
        read = read_session(connection("", events=[*connection("S: 220 hi\nC: EHLO a").events, *events]))
        reply = read.exchanges[0].reply
        assert (reply.span.frame, bool(read.anomalies)) == (5, slow)
        assert list(reply.places) == [(8 + at[0], 6, 6), (8 + at[1], 7, 7)]


def test_a_reply_of_the_code_alone():
    """The separator may be missing (RFC 5321, 4.2)."""
    read = session(r"S: 220 hi" "\n" "C: NOOP" "\n" r"S> 250\r\n" "\n" "C: NOOP" "\n" r"S> 250\n")
    assert talk(read) == [("NOOP", 250), ("NOOP", 250)]
    assert read.exchanges[0].reply.texts == (b"",)


def test_a_reply_without_its_line_end_at_the_end():
    """What is there of it counts, marked as cut."""
    read = session(r"S: 220 hi" "\n" "C: QUIT" "\n" r"S> 221 by")
    assert talk(read) == [("QUIT", 221)]
    assert read.exchanges[0].reply.cut


def test_an_endless_reply_is_kept_in_part():
    """At most 10,000 lines of one reply."""
    read = session("S: 220 hi\nC: HELP\nS> " + r"214-x\r\n" * 10_050 + r"214 end\r\n")
    assert len(read.exchanges[0].reply.lines) == 10_000
