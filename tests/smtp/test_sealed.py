"""Where the dialogue goes into TLS: asked for, refused, implicit, unasked, injected, opened."""

from __future__ import annotations

import pytest
from support.dialogue import connection, interleaved, session, talk

from smtptrace.smtp import Dialogue, read_session
from smtptrace.wire import Gap, GapReason, Octets, Secured, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER
RECORD = r"\x16\x03\x01\0\x04abcd"
ASKED = f"S: 220 hi\nC: STARTTLS\nS: 220 go\nC> {RECORD}\nS> {RECORD}\n"


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


@pytest.mark.parametrize("verb", ["STARTTLS", "X-ANONYMOUSTLS"])
def test_accepted(verb):
    """Records are no lines; the session says that there is TLS."""
    read = session(ASKED.replace("STARTTLS", verb) + "C> \\x17\\x03\\x03\\0\\x06QUIT\\r\\n")
    assert talk(read) == [(verb, 220)]
    assert read.tls is not None
    assert (read.tls.opened, read.tls.implicit) == (False, False)
    assert (read.tls.frame, kinds(read)) == (4, [])


def test_refused():
    """The dialogue goes on in clear."""
    read = session("S: 220 hi\nC: STARTTLS\nS: 454 4.7.0 not now\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("STARTTLS", 454), ("QUIT", 221)]
    assert read.tls is None


def test_opened():
    """Behind the mark both streams are clear again, and the server forgets what it knew."""
    read = session("""
        S: 220 hi
        C: EHLO a
        S: 250-hi
        S: 250 STARTTLS
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: STARTTLS
        S: 220 go
        -- secured opened
        C: EHLO b
        S: 250-hi
        S: 250 AUTH LOGIN
        C: QUIT
        S: 221 bye
    """)
    assert [each.tls for each in read.exchanges] == [False, False, False, True, True]
    assert (read.extensions, read.extensions_tls, read.helo) == (("STARTTLS",), ("AUTH LOGIN",), b"b")
    assert read.tls is not None
    assert read.tls.opened
    assert [each.outcome.value for each in read.transactions] == ["abandoned"]
    assert kinds(read) == []


def test_opened_from_the_first_octet():
    """Implicit TLS: the greeting comes inside."""
    read = session("-- secured opened\nS: 220 hi\nC: QUIT\nS: 221 bye")
    assert read.greeting is not None
    assert talk(read) == [("QUIT", 221)]


def test_a_mark_without_a_reply_to_starttls():
    """A log that leaves the reply out: TLS began all the same."""
    read = session("S: 220 hi\nC: STARTTLS\n-- secured opened\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("STARTTLS", None), ("QUIT", 221)]


def test_a_mark_that_nothing_was_opened_behind():
    """What follows is not read."""
    read = session(f"S: 220 hi\nC: STARTTLS\nS: 220 go\n-- secured\nC> {RECORD}\nC: QUIT")
    assert talk(read) == [("STARTTLS", 220)]
    read = session(f"S: 220 hi\n-- secured\nC> {RECORD}")
    assert talk(read) == []
    assert read.tls is not None


@pytest.mark.parametrize("size", [1, 3, 100])
def test_injected_commands(size):
    """Commands in the flight of STARTTLS are told, not believed (CVE-2011-0411)."""
    client = b"STARTTLS\r\nRSET\r\n\x16\x03\x01\x00\x04abcd"
    server = b"220 hi\r\n220 go\r\n250 injected\r\n\x16\x03\x01\x00\x04abcd"
    events = interleaved(client, server, [(Side(i % 2), size) for i in range(200)])
    read = read_session(connection("", events=events))
    assert talk(read) == [("STARTTLS", 220)]
    assert sorted(kinds(read)) == ["reply-injection", "starttls-injection"]
    told = {each.kind: (each.detail, each.span.start, each.span.stop) for each in read.anomalies}
    assert told["starttls-injection"] == ("6 octets in clear follow STARTTLS: RSET", 10, 16)
    assert told["reply-injection"][1:] == (16, 30)


def test_clear_octets_without_any_record():
    """The client goes on in clear though TLS was agreed; its secrets are not repeated."""
    read = session("S: 220 hi\nC: STARTTLS\nS: 220 go\nC: AUTH PLAIN AGEAYg==\nC: AGEAYg==\nC: QUIT\n")
    assert [each.detail for each in read.anomalies] == ["37 octets in clear follow STARTTLS: AUTH, ?, QUIT"]


@pytest.mark.parametrize("order", [0, 1])
def test_implicit(order):
    """A connection that begins with a ClientHello is TLS from its first octet."""
    events = [Octets(CLIENT, b"\x16\x03\x01\x00\x04abcd"), Octets(SERVER, b"\x16\x03\x03\x00\x04abcd")]
    read = read_session(connection("", events=events[::-1] if order else events))
    assert talk(read) == []
    assert read.tls is not None
    assert read.tls.implicit


@pytest.mark.parametrize("early", [True, False])
def test_unasked(early):
    """A ClientHello to a server that speaks in clear (a client on the wrong port)."""
    hello, clear = f"C> {RECORD}", "S: 220 hi\nS: 500 what is this"
    read = session(f"{hello}\n{clear}" if early else f"{clear}\n{hello}")
    assert read.greeting is not None
    assert talk(read) == [(None, 500)]
    assert "tls-unasked" in kinds(read)
    assert read.tls is not None
    assert not read.tls.implicit


def test_a_lost_reply_to_starttls():
    """The ClientHello tells that it was a yes, a command that it was a no."""
    read = session(f"S: 220 hi\nC: STARTTLS\n-- gap S 8\nC> {RECORD}")
    assert talk(read) == [("STARTTLS", None)]
    assert read.tls is not None
    read = session("S: 220 hi\nC: STARTTLS\n-- gap S 8\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("STARTTLS", None), ("QUIT", 221)]


def test_gaps_inside_tls_and_inside_a_security_layer():
    """They are listed, and disturb nothing."""
    gaps = [Gap(CLIENT, 5, GapReason.LOST), Octets(CLIENT, b"xx"), Gap(SERVER, 5, GapReason.LOST)]
    read = read_session(connection("", events=[*connection(ASKED).events, *gaps]))
    assert len(read.gaps) == 2
    layer = "S: 220 hi\nC: AUTH GSSAPI YII=\nS: 235 ok\nC> \\0\\0\\0\\x04EHLO"
    read = read_session(connection("", events=[*connection(layer).events, *gaps]))
    assert talk(read) == [("AUTH", 235)]


def test_a_capture_that_begins_inside_tls():
    """Records of application data are no lines either."""
    read = session("-- gap C ? before-capture\nC> \\x17\\x03\\x03\\0\\x02ab\nS> \\x17\\x03\\x03\\0\\x02ab")
    assert talk(read) == []
    assert read.tls is not None


def test_an_octet_like_a_record_is_a_line_all_the_same():
    """0x16 alone does not make TLS."""
    read = session(r"S: 220 hi" "\n" r"C> \x16hello\r\n" "\n" r"S: 500 what")
    assert talk(read) == [(None, 500)]


def test_what_is_known_grows_with_the_events():
    """The session can be looked at while it goes on."""
    dialogue = Dialogue(connection(""))
    for event in connection(ASKED).events:
        dialogue.feed(event)
    dialogue.catch_up()
    assert [each.command.verb for each in dialogue.session.exchanges] == ["STARTTLS"]
    dialogue.feed(Secured(opened=True))
    dialogue.feed(Octets(CLIENT, b"NOOP\r\n"))
    dialogue.feed(Octets(SERVER, b"250 ok\r\n"))
    dialogue.catch_up()
    assert len(dialogue.session.exchanges) == 2
