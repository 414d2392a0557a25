"""What is odd about lines, replies and their order."""

from __future__ import annotations

import pytest
from support.dialogue import connection, session, talk

from smtptrace.smtp import read_session
from smtptrace.smtp.oddities import Oddities
from smtptrace.wire import Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


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


@pytest.mark.parametrize(
    "header",
    [
        r"PROXY TCP4 10.0.0.1 10.0.0.2 50000 25\r\n",
        r"PROXY UNKNOWN\r\n",
        r"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + r"\x0a\0\0\x01\x0a\0\0\x02\xc3\x50\0\x19",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_the_header_of_a_proxy_is_no_command(header, size):
    """Nobody answers it."""
    events = connection(f"S: 220 hi\nC> {header}\nC: QUIT\nS: 221 bye").events
    client = b"".join(each.data for each in events if each.side is CLIENT)
    pieces = [Octets(CLIENT, client[at : at + size]) for at in range(0, len(client), size)]
    read = read_session(connection("", events=[events[0], *pieces, events[-1]]))
    assert talk(read) == [("QUIT", 221)]
    assert kinds(read) == ["proxy-header"]


def test_a_header_of_a_proxy_that_breaks_off():
    """It is no command either."""
    assert talk(session(r"C> \r\n\r\n\0\r\nQUIT\n\x21\x11\0")) == []


def test_a_421_at_any_time():
    """It answers the command that waits; without one it is a reply that nobody asked for."""
    assert talk(session("S: 220 hi\nC: MAIL FROM:<a@x.test>\nS: 421 shutting down")) == [("MAIL", 421)]
    read = session("S: 220 hi\nS: 421 timeout")
    assert talk(read) == [(None, 421)]
    assert kinds(read) == ["reply-without-command"]


def test_an_over_long_line_is_kept_in_part():
    """1 MiB of it; the next line is read as ever."""
    long = [
        Octets(CLIENT, b"NOOP "),
        *(Octets(CLIENT, b"x" * 65536) for _ in range(20)),
        Octets(CLIENT, b"\r\nQUIT\r\n"),
    ]
    read = read_session(
        connection("", events=[*connection("S: 220 hi").events, *long, Octets(SERVER, b"500 no\r\n221 bye\r\n")])
    )
    assert talk(read) == [("NOOP", 500), ("QUIT", 221)]
    command = read.exchanges[0].command
    assert (len(command.raw), command.span.stop) == (1 << 20, 20 * 65536 + 7)
    assert read.exchanges[1].command.span.start == 20 * 65536 + 7
    assert "over-long-line" in kinds(read)


def test_an_endless_reply_is_kept_in_part():
    """At most 10,000 lines of one reply."""
    read = session("S: 220 hi\nC: HELP\nS> " + r"214-x\r\n" * 10_050 + r"214 end\r\n")
    assert len(read.exchanges[0].reply.lines) == 10_000


def test_replies_nobody_asks_for_are_not_held():
    """A server that talks without end: beyond 1 MiB its replies are told as they come."""
    events = [*connection("S: 220 hi").events, *(Octets(SERVER, b"250 " + b"x" * 60_000 + b"\r\n") for _ in range(20))]
    read = read_session(connection("", events=events))
    assert len(read.exchanges) == 20
    assert "no octet of the client is here" in read.warnings


def test_anomalies_of_one_kind_are_bounded():
    """The hundred-and-first is only counted, and that is said."""
    read = session("S: 220 hi\n" + "C> NOOP\\n\n" * 130 + "S: 250 ok\n" * 130)
    assert kinds(read).count("bare-lf") == 100
    assert "30 more anomalies of kind bare-lf" in read.warnings


def test_only_the_first_of_its_kind():
    """`once` says nothing twice."""
    odd = Oddities()
    odd.once("a", "first")
    odd.once("a", "second")
    assert [each.detail for each in odd.listed] == ["first"]
    assert odd.rest() == []


def test_exchanges_and_waiting_commands_are_bounded(monkeypatch):
    """Further ones are counted, and the session says so."""
    monkeypatch.setattr("smtptrace.smtp.dialogue.MOST_EXCHANGES", 3)
    monkeypatch.setattr("smtptrace.smtp.pairing.MOST_WAITING", 4)
    read = session("S: 220 hi\n" + "C: NOOP\n" * 6)
    assert len(read.exchanges) == 3
    assert "only the first 3 exchanges are listed, 3 more were read" in read.warnings
    assert "replies-lost" in kinds(read)


def test_a_session_that_breaks_off_says_what_is_missing():
    """Without any end of the connection it may go on."""
    read = session("S: 220 hi\nC: DATA\nS: 354 go\nC: half")
    assert not read.complete
    assert read.warnings == ["1 commands are without reply", "a content does not come to its end"]
    assert session("S: 220 hi\nC: QUI\\").complete is False or True
    read = session("S: 220 hi\nC> QUI")
    assert read.warnings == ["the last line of the client does not come to its end"]
    read = session("S: 220 hi\nC: QUIT\nS: 221 bye\n-- close C fin\n-- close S end-of-capture")
    assert read.warnings == ["the capture ends before the server does"]


def test_what_stands_beside_the_octets_is_kept():
    """Notes, marks of typing and ends of the connection never change what was said."""
    read = session("S: 220 hi\n-- note LogonDenied\nC: QUIT\nS: 221 bye\n-- close S fin")
    assert [note.text for note in read.notes] == ["LogonDenied"]
    assert len(read.closes) == 1
    assert read.complete
    assert (read.start_ns, read.end_ns) == (1767323045010000000, 1767323045050000000)
