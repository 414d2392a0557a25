"""The server of a recording: actions out, what the client says in."""

from __future__ import annotations

import base64

import pytest
from replay.scripts import CHUNKED, LOGIN, SENDING, trace

from smtptrace.clean import clean
from smtptrace.replay.serve import BeginTls, HearContent, HearLine, Manner, Say, Server
from smtptrace.smtp import read_session


def served(text: str, *said: bytes, manner: Manner | None = None) -> tuple[list[bytes], Server]:
    """What the server says when the client says this, and the server."""
    meant = clean(trace(text).session.connection).connection
    server = Server(read_session(meant, keep_content=True), manner or Manner())
    actions, waiting, replies = server.serve(), list(said), []
    action = next(actions)
    try:
        while True:
            if isinstance(action, Say):
                replies.append(action.octets.rstrip(b"\r\n"))
            elif isinstance(action, BeginTls):
                replies.append(b"TLS")
            else:
                assert isinstance(action, HearLine | HearContent)
            heard = isinstance(action, HearLine | HearContent)
            action = actions.send(waiting.pop(0) if heard and waiting else b"")
    except StopIteration:
        return replies, server


def test_as_recorded():
    """Every command gets its reply; the content is kept."""
    lines = (b"EHLO x\r\n", b"MAIL FROM:<x@y>\r\n", b"RCPT TO:<z@w>\r\n", b"DATA\r\n", b"hi\r\n.\r\n", b"QUIT\r\n")
    replies, server = served(SENDING, *lines)
    assert replies == [b"220 hi", b"250-hi\r\n250 SIZE", b"250 ok", b"250 ok", b"354 go", b"250 ok", b"221 bye"]
    assert (server.deviations, server.contents) == ([], [b"hi\r\n.\r\n"])


def test_chunks_and_data_serve_each_other():
    """A client may say it otherwise."""
    head = (b"EHLO x\r\n", b"MAIL FROM:<x@y>\r\n", b"RCPT TO:<z@w>\r\n")
    replies, _ = served(CHUNKED, *head, b"BDAT 3 LAST\r\n", b"abc", b"QUIT\r\n")
    assert replies[-2:] == [b"250 more", b"221 bye"]
    replies, _ = served(CHUNKED, *head, b"DATA\r\n", b"hi\r\n.\r\n", b"QUIT\r\n")
    assert replies[-3:] == [b"354 go ahead", b"250 more", b"221 bye"]


def test_a_command_again():
    """The last reply of its kind is said again."""
    replies, server = served(SENDING, b"EHLO a\r\n", b"RCPT TO:<a@b>\r\n", b"MAIL FROM:<c@d>\r\n", b"EHLO a\r\n")
    assert replies[2:4] == [b"250 ok", b"250 ok"]
    assert replies[4].startswith(b"250-hi")
    assert server.deviations == ["never heard: DATA"]


def test_what_is_not_recorded():
    """It is answered, and told; harmless commands are none."""
    replies, server = served(
        SENDING, b"NOOP\r\n", b"RSET\r\n", b"VRFY x\r\n", b"AUTH PLAIN c2VjcmV0\r\n", b"@@@\r\n", b"QUIT\r\n"
    )
    assert replies[1:] == [b"250 2.0.0 OK"] * 2 + [b"502 5.5.1 not in the recording"] * 3 + [b"221 bye"]
    assert server.deviations[:3] == ["not recorded: VRFY x", "not recorded: AUTH PLAIN", "not recorded: @@@"]


def test_strict():
    """The very lines in their order, and nothing else."""
    manner = Manner(strict=True)
    replies, server = served(SENDING, b"EHLO b\r\n", b"EHLO a\r\n", b"NOOP\r\n", manner=manner)
    assert replies[1][:3] + replies[2][:3] + replies[3][:3] == b"502250250"
    assert server.deviations[:2] == ["not recorded: EHLO b", "not recorded: NOOP"]


def test_a_login():
    """The recorded challenges; with an initial response one less; `*` ends it."""
    replies, server = served(LOGIN, b"EHLO a\r\n", b"AUTH LOGIN\r\n", b"eA==\r\n", b"eQ==\r\n", b"QUIT\r\n")
    assert replies[2:] == [b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6", b"235 ok", b"221 bye"]
    assert server.deviations == []
    replies, _ = served(LOGIN, b"EHLO a\r\n", b"AUTH LOGIN eA==\r\n", b"eQ==\r\n", b"QUIT\r\n")
    assert replies[2:] == [b"334 UGFzc3dvcmQ6", b"235 ok", b"221 bye"]
    replies, _ = served(LOGIN, b"EHLO a\r\n", b"AUTH LOGIN\r\n", b"*\r\n", b"QUIT\r\n")
    assert replies[2:] == [b"334 VXNlcm5hbWU6", b"501 5.7.0 cancelled", b"221 bye"]


def test_an_initial_response_that_the_client_does_not_give():
    """It is asked for."""
    plain = LOGIN.replace(
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0MQ==",
        "C: AUTH PLAIN AGFsaWNlAHNlY3JldDE=",
    )
    replies, server = served(plain, b"EHLO a\r\n", b"AUTH PLAIN\r\n", b"AHgAeQ==\r\n", b"QUIT\r\n")
    assert replies[2:] == [b"334 ", b"235 ok", b"221 bye"]
    assert server.deviations == []


def test_a_scram_login_without_the_password():
    """One that was accepted cannot be served, one that was refused can."""
    scram = (
        "S: 220 hi\nC: EHLO a\nS: 250 AUTH SCRAM-SHA-1\nC: AUTH SCRAM-SHA-1 bixhPXgscj14\nS: 334 cj14\n"
        "C: Yz1iaXdzLHI9eA==\nS: {}\n"
    )
    first = base64.b64encode(b"n,,n=alice,r=abc")
    lines = (b"EHLO a\r\n", b"AUTH SCRAM-SHA-1 " + first + b"\r\n", b"Yz1iaXdz\r\n", b"QUIT\r\n")
    replies, server = served(scram.format("235 ok"), *lines)
    assert base64.b64decode(replies[2][4:]).startswith(b"r=abc")
    assert replies[3] == b"535 5.7.8 authentication failed"
    assert server.deviations
    replies, server = served(scram.format("535 no"), *lines)
    assert (replies[3], server.deviations) == (b"535 no", [])


@pytest.mark.parametrize(("reply", "begins"), [("220 go", True), ("454 no", False)])
def test_starttls(reply, begins):
    """TLS begins where it did."""
    text = f"S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: STARTTLS\nS: {reply}\n"
    replies, _ = served(text, b"EHLO a\r\n", b"STARTTLS\r\n")
    assert (b"TLS" in replies) is begins


def test_a_refusing_server():
    """It greets with 554 and hears one more line at most; 421 ends it."""
    replies, _ = served("S: 554 no\nC: QUIT\nS: 221 bye\n", b"QUIT\r\n", b"EHLO a\r\n")
    assert replies == [b"554 no", b"221 bye"]
    replies, _ = served("S: 220 hi\nC: EHLO a\nS: 421 closing\n", b"EHLO a\r\n", b"EHLO a\r\n")
    assert replies == [b"220 hi", b"421 closing"]
