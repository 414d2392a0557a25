"""Replies that keep to the rules, and others."""

from __future__ import annotations

from support.dialogue import session, talk


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
