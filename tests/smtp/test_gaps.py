"""Octets are missing: order and meaning help to find the way back, and what is missing is said."""

from __future__ import annotations

import pytest
from support.dialogue import connection, session, talk

from smtptrace.smtp import DataExchange, Outcome, read_session
from smtptrace.wire import Gap, GapReason, Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


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


def test_a_lost_354_is_seen_by_what_the_client_does():
    """It sends content, so it was told to; or a command, so it was not."""
    read = session("S: 220 hi\nC: DATA\n-- gap S 8\nC: Subject: x\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert read.exchanges[0].content.complete
    read = session("S: 220 hi\nC: DATA\n-- gap S 8\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("DATA", None), ("QUIT", 221)]


def test_a_gap_amid_the_content():
    """The content goes on behind it, marked with the octets that are missing."""
    read = session(r"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> Subject: a\r\n\r\nabc
        -- gap C 50
        C> def\r\n.\r\n
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    content = read.exchanges[0].content
    assert (content.seen, content.missing, content.complete) == (22, 50, False)
    assert content.holes == ((17, 50),)


def test_a_gap_that_hides_the_end_of_the_content():
    """The reply came before the client went on, so the content was over."""
    read = session("""
        S: 220 hi
        C: DATA
        S: 354 go
        C: Subject: a
        -- gap C 500
        S: 250 ok: queued as 1234ABCD
        C: RSET
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("RSET", 250), ("QUIT", 221)]
    assert read.transactions[0].queue_id == "1234ABCD"
    assert read.transactions[0].outcome is Outcome.ACCEPTED


def test_a_lone_dot_behind_a_gap_ends_the_content():
    """It fills its frame, as clients send it."""
    read = session(r"S: 220 hi" "\nC: DATA\nS: 354 go\nC: a\n-- gap C 50\nC: .\nS: 250 ok\nC: NOOP\nS: 250 ok")
    assert talk(read) == [("DATA", 250), ("NOOP", 250)]


def test_a_content_that_a_log_leaves_out():
    """Nobody knows how long it was; the row behind it is a command again."""
    read = session("""
        S: 220 hi
        C: DATA
        S: 354 go
        -- gap C ? not-logged
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert read.exchanges[0].content.holes == ((0, None),)


def test_a_response_that_a_log_leaves_out():
    """The challenge is there, the response is not."""
    read = session("""
        S: 220 hi
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        -- gap C ? not-logged
        S: 334 UGFzc3dvcmQ6
        -- gap C ? not-logged
        S: 535 no
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("AUTH", 535), ("QUIT", 221)]
    assert [each.response for each in read.authentications[0].rounds] == [None, None]


def test_a_response_cut_by_the_snap_length():
    """What is there of it is kept."""
    read = session(r"""
        S: 220 hi
        C: AUTH PLAIN
        S: 334
        C> AGFs
        -- gap C 20 snaplen
        S: 235 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("AUTH", 235), ("QUIT", 221)]
    assert [each.response for each in read.authentications[0].rounds] == [b"AGFs"]


def test_chunks_go_on_by_count_through_a_gap():
    """A sized gap counts; what follows is a command again."""
    read = session(r"""
        S: 220 hi
        C> BDAT 10 LAST\r\nabc
        -- gap C 5
        C> xyQUIT\r\n
        S: 250 ok
        S: 221 bye
    """)
    assert talk(read) == [("BDAT", 250), ("QUIT", 221)]
    content = read.exchanges[0].content
    assert (content.seen, content.missing, content.complete, content.holes) == (5, 5, False, ((3, 5),))


def test_a_chunk_that_a_log_leaves_out():
    """Its octets are not counted where nobody knows how many are missing."""
    read = session(r"""
        S: 220 hi
        C: BDAT 10 LAST
        -- gap C ? not-logged
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("BDAT", 250), ("QUIT", 221)]


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


def test_a_capture_that_begins_with_a_late_greeting():
    """A 220 before any command is the greeting all the same; behind STARTTLS it is the answer."""
    begun = "-- gap C ? before-capture\n-- gap S ? before-capture\n"
    assert session(begun + "S: 220 hi\nC: QUIT\nS: 221 bye").greeting.code == 220
    read = session(begun + "C: STARTTLS\nS: 220 go")
    assert read.greeting is None
    assert talk(read) == [("STARTTLS", 220)]


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


def test_recipients_whose_mail_is_missing():
    """The transaction begins with what is here."""
    read = session("""
        -- gap C ? before-capture
        -- gap S ? before-capture
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C: RSET
        S: 250 ok
    """)
    (transaction,) = read.transactions
    assert (transaction.mail, transaction.recipients[0].address) == (None, b"b@x.test")


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


def test_times_stand_in_for_frames():
    """Texts may have times and no line numbers."""
    events = connection("S: 220 hi\nC: EHLO a\n-- gap S 100\nC: NOOP\nS: 250 ok").events
    for event in events:
        event.frame = None
    assert talk(read_session(connection("", events=events))) == [("EHLO", None), ("NOOP", 250)]
    for event in events:
        event.time_ns = None
    assert talk(read_session(connection("", events=events)))[-1] == ("NOOP", 250)


def test_gaps_count_in_the_offsets():
    """Spans are counted over octets and sized gaps, and a gap is placed where it is."""
    events = [
        Octets(SERVER, b"220 hi\r\n"),
        Octets(CLIENT, b"NOOP\r\n"),
        Gap(CLIENT, 10, GapReason.LOST),
        Octets(CLIENT, b"QUIT\r\n"),
        Gap(CLIENT, None, GapReason.LOST),
        Gap(CLIENT, 5, GapReason.AFTER_CAPTURE),
    ]
    read = read_session(connection("", events=events))
    assert [each.command.span.start for each in read.exchanges] == [0, 16]
    assert [at for at, _ in read.gaps] == [6, 22, 22]
    assert read.octets == (12, 8)


def test_only_so_many_gaps_are_described():
    """The others are counted."""
    events = [Octets(SERVER, b"220 hi\r\n"), *(Gap(CLIENT, 1, GapReason.LOST) for _ in range(15))]
    assert "5 more gaps" in read_session(connection("", events=events)).warnings
