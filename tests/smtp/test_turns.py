"""The verbs at which the dialogue turns: DATA, BDAT, AUTH, STARTTLS, XEXCH50, TURN."""

from __future__ import annotations

import pytest
from support.dialogue import session, talk

from smtptrace.smtp import AuthExchange


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def test_refused_data_is_followed_by_commands():
    """After 554 the pipelined QUIT is a command, not content."""
    read = session("S: 220 hi\nC: DATA\nC: QUIT\nS: 554 no valid recipients\nS: 221 bye")
    assert talk(read) == [("DATA", 554), ("QUIT", 221)]


@pytest.mark.parametrize("argument", ["", "-1 LAST", "99999999999999999999", "5 X"])
def test_a_malformed_chunk_size_takes_no_octets(argument):
    """What follows is read as commands, as the server does."""
    read = session(f"S: 220 hi\nC: BDAT {argument}\nC: QUIT\nS: 501 no\nS: 221 bye")
    assert talk(read) == [("BDAT", 501), ("QUIT", 221)]
    assert kinds(read) == ["malformed-bdat", "pipelining-not-offered"]


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


def test_data_without_reply_and_a_command_behind_it_was_refused():
    """There is no reply to tell, but QUIT is no content."""
    read = session("C: DATA\nC: QUIT")
    assert talk(read) == [("DATA", None), ("QUIT", None)]


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
