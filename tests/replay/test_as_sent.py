"""Session -> steps as they were sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from replay.scripts import CHUNKED, LOGIN, SENDING, trace
from support.dialogue import connection

from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.plan import Permission, Target, refusals
from smtptrace.replay.step import NotPlayableError
from smtptrace.smtp import read_session
from smtptrace.trace import Trace, trace_session
from smtptrace.wire import Endpoint


def as_sent(script: str, **options):
    """A script of support.dialogue as it was sent."""
    return script_as_sent(trace_session(read_session(connection(script), keep_content=True)), "1", **options)


def parts(found) -> list[tuple[bytes, int]]:
    """What is sent for each reply, with the replies that are owed by then."""
    return [(part.octets, part.owed) for step in found.steps for part in step.parts]


def test_octets_stay_as_they_are():
    """Typing errors, blank lines, bare LF, odd case; what was owed tells what was pipelined."""
    found = as_sent("""
        S: 220 hi
        C> \\r\\nEHLLO\\x08\\x08O a\\r\\n
        S: 500 what
        S: 500 what
        C> ehlo  a\\n
        S: 250 hi
        C> MAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\nDATA\\r\\n
        S: 250 ok
        S: 250 ok
        S: 354 go
        C> .. x\\n.\\n\\r\\n.\\r\\n
        S: 250 ok
        C> QU
    """)
    assert parts(found) == [
        (b"\r\n", 0),
        (b"EHLLO\x08\x08O a\r\n", 1),
        (b"ehlo  a\n", 0),
        (b"MAIL FROM:<a@b>\r\n", 0),
        (b"RCPT TO:<c@d>\r\n", 1),
        (b"DATA\r\n", 2),
        (b".. x\n.\n\r\n.\r\n", 0),
        (b"QU", 0),
    ]
    assert found.steps[-1].recorded is None


def test_a_client_that_does_not_wait():
    """For the greeting, nor for 354."""
    found = as_sent("""
        C> EHLO a\\r\\nDATA\\r\\nx\\r\\n
        S: 220 hi
        S: 250 hi
        S: 354 go
        C> .\\r\\n
        S: 250 ok
    """)
    assert parts(found) == [(b"EHLO a\r\n", 1), (b"DATA\r\n", 2), (b"x\r\n.\r\n", 3)]


def test_an_end_that_only_the_server_took_for_one():
    """It belongs to the message, as it was."""
    found = as_sent("S: 220 hi\nC: DATA\nS: 354 go\nC> x\\n.\\n\nS: 250 ok\nC: QUIT\nS: 221 bye")
    assert parts(found) == [(b"DATA\r\n", 0), (b"x\n.\n", 0), (b"QUIT\r\n", 0)]


def test_chunks_are_one_part_each():
    """Command and chunk are answered together."""
    assert [octets for octets, _ in parts(script_as_sent(trace(CHUNKED), "1"))][3:5] == [
        b"BDAT 8\r\nhello.\r\n",
        b"BDAT 7 LAST\r\nworld\r\n",
    ]


def test_a_login_has_no_octets():
    """Unless those of the trace are wanted: one part for each response."""
    anew = script_as_sent(trace(LOGIN), "1").steps[2]
    assert (anew.login.user, anew.parts) == ("alice", ())
    recorded = script_as_sent(trace(LOGIN), "1", recorded=True).steps[2]
    assert [part.octets for part in recorded.parts] == [b"AUTH LOGIN\r\n", b"YWxpY2U=\r\n", b"c2VjcmV0MQ==\r\n"]


def test_a_secret_that_is_no_login():
    """It is told, so that it is not sent."""
    text = LOGIN.replace("C: QUIT", "C: c2VjcmV0MQ==\nS: 500 what\nC: QUIT")
    assert [step.verb for step in script_as_sent(trace(text), "1").steps if step.leaks] == ["*"]
    recorded = script_as_sent(trace(text), "1", recorded=True)
    assert not any(step.leaks for step in recorded.steps)
    assert [step.sends_secret for step in recorded.steps] == [False, False, True, True, False]
    there = Target(Endpoint("10.0.0.7", 25), loopback=False)
    alone = replace(recorded, steps=(*recorded.steps[:2], *recorded.steps[3:]))
    assert "--allow-plaintext-auth" in "\n".join(refusals([alone], there, Permission(send=True)))


def test_a_secret_that_is_said_again():
    """It stands where no secret is sent, and goes in clear no more than a login does."""
    text = LOGIN.replace("C: QUIT", "C: NOOP c2VjcmV0MQ==\nS: 250 ok\nC: QUIT")
    recorded = script_as_sent(trace(text), "1", recorded=True)
    assert [step.verb for step in recorded.steps if step.sends_secret] == ["AUTH", "NOOP"]


def test_octets_that_are_missing():
    """Of a message they can be given anew, of commands not."""
    absent = SENDING.replace("C: text", "# gap: client 10 lost\nC: text")
    (step,) = (step for step in script_as_sent(trace(absent), "1").steps if step.absent)
    assert [part.octets for part in step.parts] == [b"DATA\r\n"]
    with pytest.raises(NotPlayableError, match="missing"):
        script_as_sent(trace(SENDING.replace("C: RCPT", "# gap: client 10 lost\nC: RCPT")), "1")


def test_what_is_behind_tls():
    """Nothing is taken for SMTP that is not."""
    text = "S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n# tls: opened=no\n"
    found = script_as_sent(trace(text), "1")
    assert (parts(found)[-1], found.tls) == ((b"STARTTLS\r\n", 0), "starttls")


def test_one_message_with_several_replies():
    """LMTP is played as it was meant."""
    text = "S: 220 LMTP\nC: LHLO a\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n"
    text += "C: RCPT TO:<e@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\nS: 250 ok\n"
    with pytest.raises(NotPlayableError, match="several replies"):
        script_as_sent(trace(text), "1")
    assert isinstance(trace(text), Trace)


def test_a_misspelt_login_is_not_sent():
    """It bears a secret of the trace though no login is in it."""
    found = as_sent("S: 220 hi\nC: EHLO a\nS: 250 hi\nC: AUHT PLAIN AGFsaWNlAHNlY3JldDE=\nS: 500 what\n")
    here = Target(Endpoint("127.0.0.1", 25), loopback=True)
    assert "AUHT holds a secret of the trace" in "".join(refusals([found], here, Permission()))
    assert found.steps[2].line == b"AUHT PLAIN ****"


@pytest.mark.parametrize(
    "header",
    [
        r"PROXY TCP4 127.0.0.1 127.0.0.1 40000 25\r\n",
        r"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01\x9c\x40\x00\x19",
    ],
)
def test_a_proxy_header_is_not_sent_again(header):
    """It is no part of the dialogue: --proxy-header says one."""
    found = as_sent(f"C> {header}\nS: 220 hi\nC: EHLO a\nS: 250 hi\nC: QUIT\nS: 221 bye\n")
    assert parts(found) == [(b"EHLO a\r\n", 0), (b"QUIT\r\n", 0)]


def test_a_message_that_clean_did_not_find():
    """Its placeholder is no message, and a message is asked for."""
    text = SENDING.replace("C: Subject: s\nC:\nC: text\n", "C: ${MESSAGE}\n")
    (step,) = (step for step in script_as_sent(trace(text), "1").steps if step.verb == "DATA")
    assert (step.absent, step.content, [part.octets for part in step.parts]) == (True, None, [b"DATA\r\n"])
