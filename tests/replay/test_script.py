"""Session -> steps."""

from __future__ import annotations

import pytest
from replay.scripts import CHUNKED, DELIVERY, LOGIN, SENDING, script, sent, trace
from support.dialogue import session

from smtptrace.errors import UsageError
from smtptrace.replay.script import Act, script_of, secrets_of
from smtptrace.trace import Trace, trace_session
from smtptrace.wire import Endpoint


def test_steps_of_a_session():
    """The greeting, each command with its reply, the content without its end mark."""
    steps = script_of(trace(SENDING), "1").steps
    assert [step.act for step in steps] == [
        Act.GREETING,
        Act.HELLO,
        Act.MAIL,
        Act.RCPT,
        Act.CONTENT,
        Act.QUIT,
    ]
    assert [step.recorded.code for step in steps] == [220, 250, 250, 250, 250, 221]
    assert (steps[4].content, steps[4].intermediate.code) == (b"Subject: s\r\n\r\ntext\r\n", 354)
    assert not any(step.open or step.absent or step.repeats or step.why_not for step in steps)


def test_chunks():
    """Each BDAT has its own."""
    assert [step.content for step in script_of(trace(CHUNKED), "1").steps if step.act is Act.CONTENT] == [
        b"hello.\r\n",
        b"world\r\n",
    ]


def test_a_login_is_a_step_without_its_octets():
    """Mechanism, user and how it was done; the secret is there under its guard, and nowhere else."""
    found = trace(LOGIN)
    login = script_of(found, "1").steps[2].login
    assert (login.mechanism, login.user, login.initial, login.cancelled_after) == ("LOGIN", "alice", False, None)
    assert login.secret.octets() == b"secret1"
    assert "secret1" not in repr(script_of(found, "1"))
    assert b"secret1" in secrets_of(found)


def test_a_cancelled_login():
    """It is known after how many responses."""
    text = LOGIN.replace("C: c2VjcmV0MQ==", "C: *").replace("235 ok", "501 cancelled")
    assert script_of(trace(text), "1").steps[2].login.cancelled_after == 1


def test_typing_is_mended():
    """The session is played as it was meant."""
    found = script("S: 220 hi\nC: EHLLO\\x08\\x08O a\nS: 250 hi\nC: QUIT\nS: 221 bye\n")
    assert sent(found) == [b"EHLO a", b"QUIT"]


def test_a_message_that_was_not_captured():
    """It is absent, not empty."""
    read = session(
        "S: 220 hi\nC: HELO a\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\n"
        "S: 354 go\nC: begins\n-- gap C 100 lost\nC: ends\nC: .\nS: 250 ok",
        keep_content=True,
    )
    (content,) = (step for step in script_of(Trace(read), "1").steps if step.act is Act.CONTENT)
    assert (content.content, content.absent) == (None, True)


def test_a_message_that_repeats_the_password():
    """The mask in it is told."""
    text = LOGIN.replace("C: QUIT\nS: 221 bye\n", "") + SENDING.partition("S: 250 SIZE\n")[2].replace(
        "C: text", "C: my password is secret1"
    )
    (content,) = (step for step in script_of(trace(text), "1").steps if step.act is Act.CONTENT)
    assert content.repeats
    assert b"secret1" not in content.content


@pytest.mark.parametrize(
    "verb", ["ETRN x.test", "TURN", "XCLIENT ADDR=10.0.0.1", "BURL imap://x LAST", "SEND FROM:<a@b>"]
)
def test_commands_that_do_more_than_they_say(verb):
    """They are left out, with the reason."""
    steps = script(f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: {verb}\nS: 250 ok\nC: QUIT\nS: 221 bye\n").steps
    assert [bool(step.why_not) for step in steps][:3] == [False, False, True]


@pytest.mark.parametrize("line", ["NOOP a\\x0dRCPT TO:<x@y>", "RCPT TO:<c@d>\\x0dRCPT TO:<x@y>", "AUTH LOGIN\\x0dRCPT"])
def test_a_line_that_is_two_for_some_servers(line):
    """A bare CR in it is never sent."""
    found = script(f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: {line}\nS: 250 ok\n")
    assert [b"\r" in step.line and not step.why_not for step in found.steps] == [False] * len(found.steps)
    assert all(step.login is None for step in found.steps)


def test_what_cannot_be_played():
    """Encrypted from the first octet, or nothing that a client says."""
    read = session("-- secured")
    read.tls.implicit = True
    with pytest.raises(UsageError, match="keylog"):
        script_of(trace_session(read), "1")
    with pytest.raises(UsageError, match="no command"):
        script_of(Trace(session("S: 554 go away")), "1")


def test_lmtp():
    """The content has a reply for each recipient; the last one stands for all."""
    content = next(step for step in script_of(trace(DELIVERY), "1").steps if step.act is Act.CONTENT)
    assert ([each.code for each in content.replies], content.recorded.code) == ([250, 550], 550)
    assert not any(step.replies for step in script_of(trace(SENDING), "1").steps)


def test_where_and_when():
    """The client's address, and the time from beginning to end."""
    seen = script_of(trace_session(session(SENDING)), "1").seen
    assert seen.client == Endpoint("10.0.0.5", 50011)
    assert seen.end_ns > seen.start_ns


def test_what_lies_behind_tls():
    """The steps end at STARTTLS, and it is said."""
    read = session("S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n-- secured")
    found = script_of(Trace(read), "1")
    assert (found.tls, found.steps[-1].act) == ("starttls", Act.STARTTLS)
    assert "encrypted" in found.unread
