"""What is odd about lines, replies and their order."""

from __future__ import annotations

import pytest
from support.dialogue import session, talk


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"NOOP\n", "bare-lf"),
        (r"NOOP\r\r\n", "bare-cr"),
        (r"NOOP \0\r\n", "nul"),
        (r"VRFY \xfc\r\n", "8-bit-command"),
        ("NOOP " + "x" * 2100 + r"\r\n", "over-long-line"),
        ("AUTH PLAIN " + "A" * 12400 + r"\r\n", "over-long-line"),
        (r"GET / HTTP/1.1\r\n", "http-request"),
        (r"POST http://x.test/ HTTP/1.0\r\n", "http-request"),
    ],
)
def test_odd_lines(line, kind):
    """Each is told with its place."""
    read = session(f"S: 220 hi\nC> {line}\nS: 500 what")
    assert kinds(read) == [kind]
    assert read.anomalies[0].span.start == 0


def test_ordinary_lines_are_not_odd():
    """Tabs, long logins and UTF-8 where it was offered."""
    read = session(
        r"""
        S: 220 hi
        C: EHLO a
        S> 250-hi\r\n250 SMTPUTF8\r\n
        C: NOOP	x
        S: 250 ok
        C: MAIL FROM:<jürgen@x.test> SMTPUTF8
        S: 250 ok
        C: AUTH PLAIN AAAA
        S: 235 ok
    """.replace("AAAA", "A" * 1900)
    )
    assert kinds(read) == []


@pytest.mark.parametrize(
    ("verb", "code"), [("MAIL FROM:<a@x.test>", 235), ("QUIT", 250), ("NOOP", 220), ("AUTH PLAIN AA==", 250)]
)
def test_replies_that_do_not_belong(verb, code):
    """The code is never the answer to that verb."""
    assert kinds(session(f"S: 220 hi\nC: {verb}\nS: {code} so")) == ["unexpected-reply"]


def test_pipelining_without_offer():
    """Told once; not at all where it was offered."""
    talked = (
        "S: 220 hi\nC: EHLO a\nS> 250-hi\\r\\n250 {}\\r\\n\nC: NOOP\nC: NOOP\nC: NOOP\nS: 250 ok\nS: 250 ok\nS: 250 ok"
    )
    assert kinds(session(talked.format("SIZE"))) == ["pipelining-not-offered"]
    assert kinds(session(talked.format("PIPELINING"))) == []


def test_a_client_that_speaks_first():
    """Order annotates, and changes nothing."""
    read = session("C: EHLO a\nS: 220 hi\nS: 250 hi")
    assert talk(read) == [("EHLO", 250)]
    assert kinds(read) == ["early-talker"]
