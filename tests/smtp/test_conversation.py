"""The client's side: where octets are missing, or nobody answers."""

from __future__ import annotations

import pytest
from support.dialogue import connection, session, talk

from smtptrace.smtp import DataExchange, Dialogue, Outcome, read_session
from smtptrace.wire import Gap, GapReason, Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def one_content(read):
    (exchange,) = (each for each in read.exchanges if isinstance(each, DataExchange))
    assert exchange.content is not None
    return exchange.content


def test_the_client_alone():
    """Without any reply the lines after AUTH are responses, up to a command; the content is whole."""
    read = session("""
        C: EHLO a
        C: AUTH SCRAM-SHA-1 biws
        C: Yz1i
        C:
        C: MAIL FROM:<a@x.test>
        C: RCPT TO:<b@x.test>
        C: DATA
        C: hello
        C: .
        C: STARTTLS
        C: QUIT
    """)
    assert [verb for verb, _ in talk(read)] == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "STARTTLS", "QUIT"]
    assert [each.response for each in read.authentications[0].rounds] == [b"Yz1i", b""]
    assert one_content(read).size == 7
    assert not read.complete
    assert "no octet of the server is here" in read.warnings


def test_a_reply_that_is_not_awaited_for_a_mebibyte():
    """The wait is bounded: acceptance is assumed, and said."""
    events = [*connection("S: 220 hi\nC: DATA").events]
    events += [Octets(CLIENT, b"x" * 65534 + b"\r\n") for _ in range(20)]
    events += [Octets(CLIENT, b".\r\nQUIT\r\n"), Octets(SERVER, b"354 go\r\n250 ok\r\n221 bye\r\n")]
    read = read_session(connection("", events=events))
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert one_content(read).size == 20 * 65536
    assert kinds(read) == ["reply-not-awaited"]


def test_what_waits_behind_gaps_is_bounded_too():
    """Octets behind a gap wait like others: not for ever, and in time that grows as they do."""
    events = [*connection("S: 220 hi\nC: DATA").events, Octets(CLIENT, b"x\r\n")]
    for _ in range(2_000):
        events += [Gap(CLIENT, 4_000, GapReason.LOST), Octets(CLIENT, b"x" * 998 + b"\r\n")]
    dialogue = Dialogue(connection(""))
    for event in events:
        dialogue.feed(event)
    assert [anomaly.kind for anomaly in dialogue.session.anomalies] == ["reply-not-awaited"]
    assert one_content(dialogue.finish()).seen == 2_000_003


def test_frames_cut_by_the_snap_length():
    """A cut frame ends the gap and the next one begins a line: every verb and code is there, the content is not."""
    read = session("""
        S> 220 mx.example.n
        -- gap S 13 snaplen
        C: EHLO a
        S> 250-mx.exam
        -- gap S 181 snaplen
        C> AUTH PLAIN AGFsa
        -- gap C 20 snaplen
        S> 235 2.7.0 Auth
        -- gap S 10 snaplen
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C: DATA
        S> 354 go ah
        -- gap S 8 snaplen
        C> Subject: a
        -- gap C 1138 snaplen
        S> 250 OK id=1tQx-00
        -- gap S 20 snaplen
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("EHLO", 250), ("AUTH", 235), ("MAIL", 250), ("RCPT", 250), ("DATA", 250), ("QUIT", 221)]
    assert read.greeting.cut
    assert read.exchanges[1].command.cut
    content = read.exchanges[4].content
    assert (content.seen, content.missing, content.complete, content.sha256) == (10, 1138, False, None)
    assert content.holes == ((10, 1138),)
    assert not read.complete
    assert any("1138 octets of the client are missing" in warning for warning in read.warnings)


def test_a_lost_354_is_seen_by_what_the_client_does():
    """It sends content, so it was told to; or a command, so it was not."""
    read = session("S: 220 hi\nC: DATA\n-- gap S 8\nC: Subject: x\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert read.exchanges[0].content.complete
    read = session("S: 220 hi\nC: DATA\n-- gap S 8\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("DATA", None), ("QUIT", 221)]


def test_a_capture_that_begins_amid_the_session():
    """No greeting and no login may be claimed."""
    read = session("""
        -- gap C ? before-capture
        -- gap S ? before-capture
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C: DATA
        S: 354 go
        C: .
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("MAIL", 250), ("RCPT", 250), ("DATA", 250), ("QUIT", 221)]
    assert read.greeting is None
    assert not read.authentications
    assert not read.anomalies


def test_a_capture_that_begins_amid_the_content():
    """The rest of a content has no command, but a reply, an end, and a queue id."""
    read = session(
        """
        -- gap C ? before-capture
        -- gap S ? before-capture
        C> st of a line
        C: and more
        C: .
        S: 250 ok: queued as 1234ABCD
        C: QUIT
        S: 221 bye
    """.replace("C> st of a line", r"C> st of a line\r\n")
    )
    assert talk(read) == [(None, 250), ("QUIT", 221)]
    late = read.exchanges[0]
    assert isinstance(late, DataExchange)
    assert (late.content.seen, late.content.complete) == (24, False)
    (transaction,) = read.transactions
    assert (transaction.mail, transaction.queue_id, transaction.outcome) == (None, "1234ABCD", Outcome.ACCEPTED)


def test_the_rest_of_a_line_behind_a_gap_is_no_command():
    """It is told, and the next command is found."""
    read = session(r"""
        S: 220 hi
        C> MAIL FROM:<a@
        -- gap C 10
        C> ple.test>\r\nRCPT TO:<b@x.test>\r\n
        S: 250 ok
        S: 250 ok
    """)
    assert talk(read) == [("MAIL", 250), ("RCPT", 250)]
    assert read.anomalies[0].kind == "fragment-after-gap"


def test_many_lines_without_command_are_a_content():
    """DATA was lost with its beginning, and so is the end."""
    script = "S: 220 hi\nC: NOOP\nS: 250 ok\n-- gap C 10\n" + "C: a line of a message\n" * 60
    read = session(script)
    assert talk(read) == [("NOOP", 250), (None, None)]
    assert read.exchanges[1].content.seen == 60 * 21


def test_lines_behind_a_gap_that_lead_nowhere():
    """Too few to be called a content: nothing is claimed."""
    assert talk(session("S: 220 hi\n-- gap C 10\nC: what is this\nC: and this")) == []


def test_the_beginning_of_a_line_before_a_gap_is_dropped():
    """Where no verb is here, there is no command."""
    read = session("S: 220 hi\nC> xyz\n-- gap C 10\nC: NOOP\nS: 250 ok")
    assert talk(read) == [("NOOP", 250)]


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


def test_a_line_that_breaks_off_behind_a_gap():
    """Neither a command nor a content: the reader comes to its end."""
    assert talk(session("S: 220 hi\n-- gap C 10\nC> half a li")) == []
    assert talk(session("S: 220 hi\n-- gap C 10\nC> half a li\n-- gap C 10\nC: NOOP\nS: 250 ok")) == [("NOOP", 250)]
