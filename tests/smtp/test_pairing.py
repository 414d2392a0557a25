"""Which reply answers which command, also where replies are missing."""

from __future__ import annotations

import pytest
from support.dialogue import connection, session, talk

from smtptrace.smtp import read_session
from smtptrace.wire import Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def test_a_reply_cut_by_a_gap_goes_on_behind_it():
    """Lines of the same code before the client's next command belong to the cut reply."""
    read = session(r"""
        S: 220 hi
        C: EHLO a
        S> 250-mx\r\n250-SI
        -- gap S 20 snaplen
        S: 250 STARTTLS
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("EHLO", 250), ("QUIT", 221)]
    assert read.exchanges[0].reply.lines == (b"250-mx", b"250-SI", b"250 STARTTLS")
    assert read.extensions == ("SI", "STARTTLS")


def test_a_reply_cut_twice_and_one_that_is_whole_but_for_its_text():
    """The rest may be cut again; a last line that is cut has no rest."""
    read = session(r"""
        S: 220 hi
        C: EHLO a
        S> 250-mx\r\n250-SI
        -- gap S 20 snaplen
        S> 250-DSN\r\n250-PIPE
        -- gap S 20 snaplen
        S: 250 HELP
        C: NOOP
        S> 250 all is w
        -- gap S 20 snaplen
        S: 250 nobody asked
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("EHLO", 250), ("NOOP", 250), (None, 250), ("QUIT", 221)]
    assert read.extensions == ("SI", "DSN", "PIPE", "HELP")


def test_a_lost_reply():
    """The reply behind the gap answers the command that was sent last before it, not the one that lost its own."""
    read = session("""
        S: 220 hi
        C: EHLO a
        -- gap S 100
        C: MAIL FROM:<a@x.test>
        S: 250 sender ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("EHLO", None), ("MAIL", 250), ("QUIT", 221)]


def test_lost_replies_among_pipelined_commands_are_found_by_meaning():
    """A 354 answers DATA alone; what is before it is lost."""
    read = session(r"""
        S: 220 hi
        C> MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n
        -- gap S 16
        S: 354 go
        C: x
        C: .
        S: 250 ok
    """)
    assert talk(read) == [("MAIL", None), ("RCPT", None), ("DATA", 250)]
    assert read.exchanges[2].content.complete


@pytest.mark.parametrize(("code", "verb"), [(221, "QUIT"), (535, "AUTH"), (235, "AUTH")])
def test_codes_that_tell_their_command(code, verb):
    """Of the waiting commands only one is answered so."""
    read = session(rf"""
        S: 220 hi
        C> NOOP\r\nHELP\r\n{verb} PLAIN AA==\r\n
        -- gap S 16
        S: {code} so
    """)
    assert talk(read) == [("NOOP", None), ("HELP", None), (verb, code)]


def test_lost_commands_leave_replies_that_nobody_asked_for():
    """A reply that came before the next command cannot answer it."""
    read = session("""
        S: 220 hi
        C: EHLO a
        S: 250 hi
        -- gap C 50
        S: 250 sender
        S: 550 recipient
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("EHLO", 250), (None, 250), (None, 550), ("QUIT", 221)]


def test_a_capture_that_begins_with_a_late_greeting():
    """A 220 before any command is the greeting all the same; behind STARTTLS it is the answer."""
    begun = "-- gap C ? before-capture\n-- gap S ? before-capture\n"
    assert session(begun + "S: 220 hi\nC: QUIT\nS: 221 bye").greeting.code == 220
    read = session(begun + "C: STARTTLS\nS: 220 go")
    assert read.greeting is None
    assert talk(read) == [("STARTTLS", 220)]


def test_replies_before_and_without_greeting():
    """A first reply that is no greeting answers the first command."""
    read = session("C: EHLO a\nS: 250 hi\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("EHLO", 250), ("QUIT", 221)]
    assert kinds(read) == ["missing-greeting"]
    refused = session("S: 554 go away\nC: QUIT\nS: 221 bye")
    assert refused.greeting.code == 554
    assert talk(refused) == [("QUIT", 221)]


def test_a_reply_that_is_missing_is_found_by_the_354():
    """A greeting without its line end swallows a reply; 354 can only answer DATA."""
    read = session(r"""
        S> 220 hi
        C: EHLO a
        S: 250 hi
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: DATA
        S: 354 go
        C: .
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("EHLO", 250), ("MAIL", None), ("DATA", 250), ("QUIT", 221)]
    assert "missing-reply" in kinds(read)


def test_a_221_to_a_client_that_never_quits():
    """It answers what waits, once it is certain that no QUIT comes."""
    read = session("S: 220 hi\nC: GET / HTTP/1.1\nC: Host: x\nS: 221 2.7.0 I can break rules, too")
    assert talk(read) == [("GET", 221), (None, None)]


def test_a_421_at_any_time():
    """It answers the command that waits; without one it is a reply that nobody asked for."""
    assert talk(session("S: 220 hi\nC: MAIL FROM:<a@x.test>\nS: 421 shutting down")) == [("MAIL", 421)]
    read = session("S: 220 hi\nS: 421 timeout")
    assert talk(read) == [(None, 421)]
    assert kinds(read) == ["reply-without-command"]


def test_replies_nobody_asks_for_are_not_held():
    """A server that talks without end: beyond 1 MiB its replies are told as they come."""
    events = [*connection("S: 220 hi").events, *(Octets(SERVER, b"250 " + b"x" * 60_000 + b"\r\n") for _ in range(20))]
    read = read_session(connection("", events=events))
    assert len(read.exchanges) == 20
    assert "no octet of the client is here" in read.warnings


def test_exchanges_and_waiting_commands_are_bounded(monkeypatch):
    """Further ones are counted, and the session says so."""
    monkeypatch.setattr("smtptrace.smtp.dialogue.MOST_EXCHANGES", 3)
    monkeypatch.setattr("smtptrace.smtp.pairing.MOST_WAITING", 4)
    read = session("S: 220 hi\n" + "C: NOOP\n" * 6)
    assert len(read.exchanges) == 3
    assert "only the first 3 exchanges are kept, 3 more were read" in read.warnings
    assert "replies-lost" in kinds(read)
