"""Who is told what becomes of a message: nobody but whom the user allowed."""

import pytest
from replay.scripts import CHUNKED, SENDING, trace

from smtptrace.replay.as_sent import script_as_sent
from smtptrace.replay.prepare import Choices, prepared
from smtptrace.replay.script import script_of
from smtptrace.replay.sender import doubts, with_sender


def nobody(_path: bytes) -> bool:
    """No address may have mail."""
    return False


def mails(text: str, chosen=None, may_have=nobody, *, as_sent=False, **choices) -> list[bytes]:
    """The MAIL commands that will go out."""
    read = script_as_sent if as_sent else script_of
    script = with_sender(prepared(read(trace(text), "1"), Choices(**choices)), chosen, may_have)
    if as_sent:
        return [part.octets for step in script.steps if step.verb == "MAIL" for part in step.parts]
    return [step.line for step in script.steps if step.verb == "MAIL"]


@pytest.mark.parametrize("text", [SENDING, CHUNKED])
def test_the_null_sender(text):
    """It is said for one who may not have mail, for nobody is told of a message without a sender."""
    assert mails(text) == [b"MAIL FROM:<>"]
    assert mails(text, may_have=lambda path: path == b"a@b") == [b"MAIL FROM:<a@b>"]
    assert mails(text.replace("<a@b>", "<>")) == [b"MAIL FROM:<>"]


def test_it_is_noted():
    """The plan, and the outcome, say who was left out."""
    step = next(step for step in with_sender(script_of(trace(SENDING), "1"), None, nobody).steps if step.verb == "MAIL")
    assert step.adapted == ("the null sender for a@b, who would be told of failures",)


def test_a_chosen_one():
    """It stands in each MAIL; its parameters stay."""
    text = SENDING.replace("<a@b>", "<a@b> SIZE=4 RET=HDRS")
    assert mails(text, b"me@x") == [b"MAIL FROM:<me@x> SIZE=4 RET=HDRS"]
    assert mails(text, b"") == [b"MAIL FROM:<> SIZE=4 RET=HDRS"]
    assert mails(SENDING, "ü@x".encode()) == ["MAIL FROM:<ü@x> SMTPUTF8".encode()]


@pytest.mark.parametrize("until", ["mail", "rcpt", "data"])
def test_without_a_message_nobody_is_told(until):
    """So the recorded sender stays, and is judged by the target."""
    assert mails(SENDING, until=until) == [b"MAIL FROM:<a@b>"]


def test_what_cannot_be_read():
    """It does not go out as it is."""
    assert mails(SENDING.replace("<a@b>", "<a@b")) == [b"MAIL FROM:<>"]


def test_a_sender_that_is_not_known_yet():
    """A value of a reply may be anybody's; one that is given is as good as written."""
    text = SENDING.replace("<a@b>", "<${WHO}>").replace("C: MAIL", '# set: WHO from "hi (.*)"\nC: MAIL', 1)
    assert mails(text, may_have=lambda path: path != b"x@y") == [b"MAIL FROM:<>"]
    assert mails(text, may_have=lambda path: path == b"x@y", values={"WHO": "x@y"}) == [b"MAIL FROM:<x@y>"]
    assert mails(text, values={"WHO": "x@y"}) == [b"MAIL FROM:<>"]


def test_as_it_was_sent():
    """The rest of the line is as it was."""
    text = SENDING.replace("MAIL FROM:<a@b>", "mail  From: a@b  RET=HDRS")
    assert mails(text, as_sent=True) == [b"mail  From: <>  RET=HDRS\r\n"]
    assert mails(text, as_sent=True, may_have=lambda path: path == b"a@b") == [b"mail  From: a@b  RET=HDRS\r\n"]


@pytest.mark.parametrize(
    "line", ["MAIL FROM a@b", "MIAL FROM:<a@b>", "MAIL FROM:<x@y> <a@b>", "MAILFROM:a@b", "MAIL FROM:<a@x\\x08b>"]
)
def test_doubts(line):
    """A line that a server may take for MAIL, and that names somebody who may not have mail, is told."""
    script = script_as_sent(trace(f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: {line}\nS: 500 what\n"), "1")
    assert list(doubts(with_sender(script, None, nobody), nobody)) == [script.steps[2].line]
    assert list(doubts(script, lambda path: True)) == []


def test_who_submitted_it_is_no_sender():
    """AUTH= names somebody whom nobody writes to (RFC 4954, 5)."""
    text = SENDING.replace("<a@b>", "<a@b> AUTH=a@b SIZE=4")
    assert mails(text, as_sent=True) == [b"MAIL FROM:<> AUTH=a@b SIZE=4\r\n"]


@pytest.mark.parametrize("line", ["NOOP from@b", "EHLO from a@b", "RCPT TO:<from@b>", "HELP MAIL FROM:<a@b>", "QUIT"])
def test_no_doubt(line):
    """Other commands name no sender."""
    script = script_as_sent(trace(f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: {line}\nS: 500 what\n"), "1")
    assert list(doubts(script, nobody)) == []
