"""The verbs at which the dialogue turns: DATA, BDAT, AUTH, STARTTLS, XEXCH50, TURN."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.dialogue import connection, interleaved, masked, session, streams, talk

from smtptrace.smtp import AuthExchange, DataExchange, Outcome, read_session
from smtptrace.wire import Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def one_content(read):
    (exchange,) = (each for each in read.exchanges if isinstance(each, DataExchange))
    assert exchange.content is not None
    return exchange.content


def test_refused_data_is_followed_by_commands():
    """After 554 the pipelined QUIT is a command, not content."""
    read = session("S: 220 hi\nC: DATA\nC: QUIT\nS: 554 no valid recipients\nS: 221 bye")
    assert talk(read) == [("DATA", 554), ("QUIT", 221)]


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (r".\r\n", b""),
        (r"..\r\n.\r\n", b".\r\n"),
        (r".a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
        (r"a\n.b\r\n.\r\n", b"a\nb\r\n"),
        (r"a.\r\n.b.\r\n.\r\n", b"a.\r\nb.\r\n"),
        (r"a\r.b\r\n.\r\n", b"a\r.b\r\n"),
        (r"a\r\n. \r\n.\r\n", b"a\r\n \r\n"),
    ],
)
def test_leading_dots_are_taken_away(sent, taken):
    """One dot goes after CRLF or LF, and only CRLF.CRLF ends the content, in whatever pieces it came."""
    script = "S: 220 hi\nC: DATA\nS: 354 go\nC> " + sent + "\nS: 250 ok\nC: QUIT\nS: 221 bye"
    client, server = streams(connection(script).events)
    for size in (1, 2, 3, 5, len(client)):
        events = interleaved(client, server, [(CLIENT, size)] * len(client))
        read = read_session(connection("", events=events), keep_content=True)
        assert talk(read) == [("DATA", 250), ("QUIT", 221)]
        content = one_content(read)
        assert (content.data, content.size) == (taken, len(taken))
        assert content.sha256 == sha256(taken).hexdigest()
        assert content.span.stop - content.span.start == len(client) - len("DATA\r\n.\r\nQUIT\r\n")


@pytest.mark.parametrize("end", [r"\n.\n", r"\n.\r\n", r"\r\n.\n", r"\r.\r", r"\r\n.\r"])
def test_an_odd_end_that_the_server_took_ends_the_content(end):
    """It answered, and the client goes on with commands: the evidence counts, and is told."""
    read = session(rf"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> Subject: x{end}
        S: 250 ok queued as 12345678
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert one_content(read).complete
    told = [each.detail for each in read.anomalies if each.kind == "end-of-data-disagreement"]
    assert len(told) == 1
    assert "the server took" in told[0]


def test_an_odd_end_with_nothing_behind_it():
    """Where the stream stops there and the server said 250, it was the end."""
    read = session(r"S: 220 hi" "\n" r"C: DATA" "\n" r"S: 354 go" "\n" r"C> x\n.\n" "\n" r"S: 250 ok")
    assert one_content(read).complete
    read = session(r"S: 220 hi" "\n" r"C: DATA" "\n" r"S: 354 go" "\n" r"C> x\n.\n" "\n" r"S: 421 timeout")
    assert not one_content(read).complete


def test_an_odd_end_that_the_server_did_not_take():
    """Only one reply came: the commands behind it are content, and the form is still told."""
    read = session(r"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> a\n.\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nb\r\n.\r\n
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert kinds(read).count("end-of-data-disagreement") == 1
    assert one_content(read).size == 57


def test_smuggled_commands_that_the_server_answered():
    """More replies than the true end explains: the server saw a second message."""
    read = session(r"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> a\n.\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nb\r\n.\r\n
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 354 go
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("MAIL", 250), ("RCPT", 250), ("DATA", 250), ("QUIT", 221)]
    assert [each.reverse_path for each in read.transactions] == [b"", b"evil@x.test"]


def test_a_long_content_with_odd_ends_is_not_held():
    """Beyond 1 MiB the question is decided by what is known, and the content goes on."""
    script = "S: 220 hi\nC: DATA\nS: 354 go"
    events = [*connection(script).events, Octets(CLIENT, b"a\n.\nQUIT\r\n")]
    events += [Octets(CLIENT, b"x" * 65534 + b"\r\n") for _ in range(20)]
    events += [Octets(CLIENT, b".\r\nQUIT\r\n"), Octets(SERVER, b"250 ok\r\n221 bye\r\n")]
    read = read_session(connection("", events=events))
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert one_content(read).size == 20 * 65536 + 9


def test_bare_line_ends_in_the_content_are_told_once():
    """A lone LF and a lone CR are anomalies with their places."""
    read = session(r"S: 220 hi" "\n" r"C: DATA" "\n" r"S: 354 go" "\n" r"C> a\nb\nc\rd\r\n.\r\n" "\n" r"S: 250 ok")
    assert [(each.kind, each.span.start) for each in read.anomalies] == [("bare-lf", 7), ("bare-cr", 11)]


def test_a_client_that_breaks_off_in_the_content():
    """What came is counted, and nothing is claimed of the rest."""
    read = session("S: 220 hi\nC: DATA\nS: 354 go\nC: half a mess\n-- close C rst")
    assert talk(read) == [("DATA", None)]
    content = one_content(read)
    assert (content.seen, content.complete, content.size, content.sha256) == (13, False, None, None)


def test_masked_content_has_no_digest():
    """Digests exist only over octets that were seen."""
    events = [*connection("S: 220 hi\nC: DATA\nS: 354 go").events, masked(CLIENT, b"****\r\n.\r\n")]
    content = one_content(read_session(connection("", events=events)))
    assert (content.complete, content.sha256) == (True, None)


def test_chunks_are_counted_and_joined():
    """BDAT takes octets by count, whatever they look like; the transaction has all of them."""
    read = session(
        r"""
        S: 220 hi
        C: MAIL FROM:<a@x.test> BODY=BINARYMIME
        C: RCPT TO:<b@x.test>
        C> BDAT 7\r\nQUIT\r\n.
        C> BDAT 4\r\n.\r\n\n
        C> BDAT 0 LAST\r\n
        C: QUIT
        S: 250 ok
        S: 250 ok
        S: 250 7 octets
        S: 250 4 octets
        S: 250 ok id=1tQx-00 queued
        S: 221 bye
    """,
        keep_content=True,
    )
    assert [verb for verb, _ in talk(read)] == ["MAIL", "RCPT", "BDAT", "BDAT", "BDAT", "QUIT"]
    (transaction,) = read.transactions
    assert transaction.outcome is Outcome.ACCEPTED
    assert transaction.content.data == b"QUIT\r\n..\r\n\n"
    assert transaction.content.sha256 == sha256(b"QUIT\r\n..\r\n\n").hexdigest()
    assert read.exchanges[2].content.data == b"QUIT\r\n."


def test_rset_between_chunks_begins_anew():
    """Chunks of an abandoned transaction are not joined to the next."""
    read = session(
        r"""
        S: 220 hi
        C: MAIL FROM:<a@x.test>
        C> BDAT 3\r\nabc
        C: RSET
        C: MAIL FROM:<a@x.test>
        C> BDAT 3 LAST\r\ndef
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 250 ok
    """,
        keep_content=True,
    )
    assert [each.outcome for each in read.transactions] == [Outcome.ABANDONED, Outcome.ACCEPTED]
    assert read.transactions[1].content.data == b"def"


def test_a_refused_chunk_decides_the_transaction():
    """Its octets still follow; later chunks open nothing new."""
    read = session(r"""
        S: 220 hi
        C: MAIL FROM:<a@x.test>
        C> BDAT 3\r\nabcBDAT 2 LAST\r\nde
        S: 250 ok
        S: 552 too much
        S: 503 no
    """)
    assert talk(read) == [("MAIL", 250), ("BDAT", 552), ("BDAT", 503)]
    assert [each.outcome for each in read.transactions] == [Outcome.REFUSED]


@pytest.mark.parametrize("argument", ["", "-1 LAST", "99999999999999999999", "5 X"])
def test_a_malformed_chunk_size_takes_no_octets(argument):
    """What follows is read as commands, as the server does."""
    read = session(f"S: 220 hi\nC: BDAT {argument}\nC: QUIT\nS: 501 no\nS: 221 bye")
    assert talk(read) == [("BDAT", 501), ("QUIT", 221)]
    assert kinds(read) == ["malformed-bdat", "pipelining-not-offered"]


def test_a_chunk_that_breaks_off():
    """Fewer octets than announced: incomplete."""
    read = session(r"S: 220 hi" "\n" r"C> BDAT 10 LAST\r\nabc")
    assert not one_content(read).complete


def test_responses_go_by_turn_and_not_by_looks():
    """A password that reads QUIT is a response; a base64 line after the refusal is a command without verb."""
    read = session("""
        S: 220 hi
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: RSET
        S: 334 UGFzc3dvcmQ6
        C: QUIT
        S: 535 5.7.8 no
        C: c2VjcmV0
        S: 500 what
        C: YXBw
        S: 500 what
        C: NOOP
        S: 250 ok
        C: YXBw
        S: 500 what
    """)
    assert talk(read) == [("AUTH", 535), (None, 500), (None, 500), ("NOOP", 250), ("YXBW", 500)]
    auth = read.authentications[0]
    assert [each.response for each in auth.rounds] == [b"RSET", b"QUIT"]
    assert [each.challenge.lines[0] for each in auth.rounds] == [b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6"]
    assert auth.rounds[1].response_span.stop - auth.rounds[1].response_span.start == 6


@pytest.mark.parametrize(
    ("line", "verb", "mechanism", "initial"),
    [
        ("AUTH PLAIN AGEAYg==", "AUTH", "PLAIN", b"AGEAYg=="),
        ("auth login =", "AUTH", "LOGIN", b"="),
        ("X-EXPS NTLM TlRMTVNTUAAB", "X-EXPS", "NTLM", b"TlRMTVNTUAAB"),
        ("AUTH=LOGIN", "AUTH", "LOGIN", None),
        ("AUTH", "AUTH", "", None),
    ],
)
def test_how_a_login_begins(line, verb, mechanism, initial):
    """Mechanism and initial response in every spelling."""
    read = session(f"S: 220 hi\nC: {line}\nS: 235 ok")
    (auth,) = read.authentications
    assert (auth.command.verb, auth.mechanism, auth.initial) == (verb, mechanism, initial)
    assert auth.reply.code == 235


def test_a_cancelled_login():
    """`*` cancels; the 501 ends it."""
    read = session("S: 220 hi\nC: AUTH NTLM\nS: 334 NTLM supported\nC: *\nS: 501 cancelled\nC: QUIT\nS: 221 bye")
    assert talk(read) == [("AUTH", 501), ("QUIT", 221)]
    assert read.authentications[0].cancelled


def test_an_oauth_error_report_may_be_the_last_word():
    """The client hangs up after the 334: no reply, and the challenge is kept."""
    read = session("S: 220 hi\nC: AUTH XOAUTH2 dXNlcj0=\nS: 334 eyJzdGF0dXMiOiI0MDAifQ==\n-- close C fin")
    assert talk(read) == [("AUTH", None)]
    (last,) = read.authentications[0].rounds
    assert last.challenge.code == 334
    assert last.response is None


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


def test_data_without_reply_and_a_command_behind_it_was_refused():
    """There is no reply to tell, but QUIT is no content."""
    read = session("C: DATA\nC: QUIT")
    assert talk(read) == [("DATA", None), ("QUIT", None)]


def test_a_reply_that_is_not_awaited_for_a_mebibyte():
    """The wait is bounded: acceptance is assumed, and said."""
    events = [*connection("S: 220 hi\nC: DATA").events]
    events += [Octets(CLIENT, b"x" * 65534 + b"\r\n") for _ in range(20)]
    events += [Octets(CLIENT, b".\r\nQUIT\r\n"), Octets(SERVER, b"354 go\r\n250 ok\r\n221 bye\r\n")]
    read = read_session(connection("", events=events))
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert one_content(read).size == 20 * 65536
    assert kinds(read) == ["reply-not-awaited"]


def test_lmtp_gives_one_reply_for_each_accepted_recipient():
    """LHLO makes it LMTP (RFC 2033, 4.2)."""
    read = session("""
        S: 220 hi
        C: LHLO a
        S: 250 hi
        C: MAIL FROM:<a@x.test>
        S: 250 ok
        C: RCPT TO:<b@x.test>
        S: 250 ok
        C: RCPT TO:<c@x.test>
        S: 550 no
        C: RCPT TO:<d@x.test>
        S: 250 ok
        C: DATA
        S: 354 go
        C: .
        S: 250 2.0.0 <b@x.test> queued as 1234567
        S: 452 4.2.2 <d@x.test> full
        C: QUIT
        S: 221 bye
    """)
    assert read.lmtp
    assert talk(read)[-2:] == [("DATA", 452), ("QUIT", 221)]
    assert [reply.code for reply in read.exchanges[-2].replies] == [250, 452]
    assert read.transactions[0].outcome is Outcome.ACCEPTED
    assert read.transactions[0].queue_id == "1234567"


def test_lmtp_with_chunks_answers_the_last_for_each_recipient():
    """Other chunks get one reply."""
    read = session(r"""
        S: 220 hi
        C: LHLO a
        C: MAIL FROM:<a@x.test>
        C: RCPT TO:<b@x.test>
        C: RCPT TO:<c@x.test>
        C> BDAT 1\r\naBDAT 1 LAST\r\nb
        C: QUIT
        S> 250 hi\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 one\r\n250 b\r\n550 c\r\n221 bye\r\n
    """)
    assert talk(read)[-3:] == [("BDAT", 250), ("BDAT", 550), ("QUIT", 221)]


def test_prdr_gives_a_reply_for_each_recipient_and_one_for_all():
    """353, one each, and the final one."""
    read = session("""
        S: 220 hi
        C: MAIL FROM:<a@x.test> PRDR
        C: RCPT TO:<b@x.test>
        C: RCPT TO:<c@x.test>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 354 go
        C: .
        S: 353 PRDR
        S: 250 b
        S: 550 c
        S: 250 ok id=1tQx-00000y-2k
        C: QUIT
        S: 221 bye
    """)
    assert [reply.code for reply in read.exchanges[3].replies] == [353, 250, 550, 250]
    assert talk(read)[-1] == ("QUIT", 221)
    assert read.transactions[0].queue_id == "1tQx-00000y-2k"


def test_the_blob_of_xexch50_is_no_command():
    """So many octets follow the 354; none follow a refusal."""
    read = session(r"""
        S: 220 hi
        C: XEXCH50 6 2
        S: 354 send binary data
        C> QUIT\r\n
        S: 250 ok
        C: XEXCH50 6 2
        S: 504 Need to authenticate first
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("XEXCH50", 250), ("XEXCH50", 504), ("QUIT", 221)]


@pytest.mark.parametrize("verb", ["TURN", "ATRN x.test"])
def test_after_turn_nothing_is_read(verb):
    """Client and server have changed their parts."""
    read = session(f"S: 220 hi\nC: {verb}\nS: 250 ok\nC: 220 now I serve\nS: EHLO you")
    assert [code for _, code in talk(read)] == [250]
    assert kinds(read) == ["roles-turned"]
    assert talk(session(f"S: 220 hi\nC: {verb}\nS: 502 no\nC: QUIT\nS: 221 bye"))[1] == ("QUIT", 221)


def test_a_security_layer_makes_the_rest_unreadable():
    """After GSSAPI the octets come with their length in front (RFC 4422, 3.7)."""
    read = session(r"""
        S: 220 hi
        C: AUTH GSSAPI YII=
        S: 235 ok
        C> \0\0\0\x04EHLO
        S> \0\0\0\x04250
    """)
    assert talk(read) == [("AUTH", 235)]
    assert kinds(read) == ["security-layer"]


def test_a_nul_without_login_is_a_line():
    """Only a login brings a security layer."""
    read = session(r"S: 220 hi" "\n" r"C> \0\r\n" "\n" "S: 500 what")
    assert talk(read) == [(None, 500)]
    assert kinds(read) == ["nul"]


def test_authentication_exchanges_are_exchanges():
    """They stand in both lists."""
    read = session("S: 220 hi\nC: AUTH PLAIN AGEAYg==\nS: 235 ok")
    assert isinstance(read.exchanges[0], AuthExchange)
    assert read.authentications == [read.exchanges[0]]
