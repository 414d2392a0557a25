"""What the user chose, done to a script before anything is sent."""

from __future__ import annotations

import pytest
from replay.scripts import CHUNKED, LOGIN, SENDING, script, sent

from smtptrace.errors import UsageError
from smtptrace.replay.prepare import messages, path_of
from smtptrace.replay.script import Act


def contents(found) -> list[bytes | None]:
    return [step.content for step in found.steps if step.act is Act.CONTENT]


def test_recipients_are_rewritten():
    """All of them, with the parameters that keep their sense."""
    assert sent(script(SENDING, to="me@test"))[2] == b"RCPT TO:<me@test> NOTIFY=FAILURE"


@pytest.mark.parametrize("value", ["a@b>\r\nRCPT TO:<c@d", "a b", "<a@b>", "a\0"])
def test_no_value_smuggles_a_command(value):
    """Neither as address nor as name nor as value of a placeholder."""
    for choice in ({"to": value}, {"helo": value}):
        with pytest.raises(UsageError):
            script(SENDING, **choice)
    if "\r" in value or "\0" in value:
        with pytest.raises(UsageError):
            script(SENDING.replace("C: EHLO a", "C: EHLO ${NAME}"), values={"NAME": value})


def test_placeholders():
    """Those that are given are filled in, the others stay open."""
    text = SENDING.replace("<c@d>", "<${USER}@${DOMAIN}>")
    half = script(text, values={"USER": "me"})
    assert (half.steps[3].line[:20], half.steps[3].open) == (b"RCPT TO:<me@${DOMAIN", True)
    whole = script(text, values={"USER": "me", "DOMAIN": "test"})
    assert (whole.steps[3].line[:19], whole.steps[3].open) == (b"RCPT TO:<me@test> N", False)


def test_helo():
    """The verb stays."""
    assert sent(script(SENDING, helo="other.test"))[0] == b"EHLO other.test"


@pytest.mark.parametrize(
    ("until", "last"),
    [("ehlo", b"EHLO a"), ("auth", b"EHLO a"), ("mail", b"MAIL FROM:<a@b>"), ("data", b"DATA")],
)
def test_until(until, last):
    """The session ends after that part, and no content is sent."""
    found = script(SENDING, until=until)
    assert sent(found)[-1] == last
    assert contents(found) in ([], [None])
    if until == "data":
        assert found.steps[-1].recorded.code == 354


def test_until_with_chunks_is_data():
    """BDAT has no point before its content."""
    assert sent(script(CHUNKED, until="data"))[-1] == b"DATA"


def test_no_auth_and_another_mechanism():
    """The login left out, or made otherwise."""
    assert all(step.login is None for step in script(LOGIN, no_auth=True).steps)
    assert script(LOGIN, mechanism="plain").steps[2].login.initial
    assert script(LOGIN, mechanism="login").steps[2].login.initial is False
    with pytest.raises(UsageError):
        script(LOGIN, mechanism="PLAIN\r\nRCPT")


def test_tls_put_in_and_left_out():
    """With the EHLO that belongs to it."""
    with_tls = script(LOGIN, tls="starttls")
    assert [step.verb for step in with_tls.steps] == ["", "EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]
    clear = "S: 220 hi\nC: EHLO a\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
    text = clear + "# tls: opened=yes\nC: EHLO a\nS: 250 hi\nC: QUIT\n"
    assert [step.verb for step in script(text).steps] == ["", "EHLO", "STARTTLS", "EHLO", "QUIT"]
    assert [step.verb for step in script(text, tls="none").steps] == ["", "EHLO", "QUIT"]
    assert script(LOGIN, tls="implicit").tls == "implicit"
    with pytest.raises(UsageError, match="no EHLO"):
        script("S: 220 hi\nC: QUIT\nS: 221 bye\n", tls="starttls")


def test_messages_get_fresh_fields():
    """Unless they shall be exact."""
    assert contents(script(SENDING, exact=True)) == [b"Subject: s\r\n\r\ntext\r\n"]
    (fresh,) = contents(script(SENDING))
    assert fresh.startswith(b"X-Smtptrace-Replay: yes\r\n")
    assert fresh.endswith(b"Subject: s\r\n\r\ntext\r\n")


def test_chunks_stay_chunks():
    """Two of them, the first of the size it had."""
    assert contents(script(CHUNKED, exact=True)) == [b"hello.\r\n", b"world\r\n"]
    one, two = contents(script(CHUNKED))
    assert len(one) == 8
    assert (one + two).endswith(b"\r\nhello.\r\nworld\r\n")
    assert [len(each) for each in messages(script(CHUNKED).steps)] == [2]


ABSENT = SENDING.replace("C: Subject: s\nC:\nC: text\n", "C: ${MESSAGE}\n")


def test_a_message_that_is_not_there():
    """It stays absent until another is given."""
    assert script(ABSENT).steps[4].absent
    given = script(ABSENT, substitute=b"Subject: x\n\nhello")
    assert contents(given)[0].endswith(b"Subject: x\r\n\r\nhello\r\n")
    assert not given.steps[4].absent
    assert contents(script(ABSENT, substitute=b"raw\n", exact=True)) == [b"raw\n"]
    made = contents(script(ABSENT, test_message=True))[0]
    assert b"From: <a@b>\r\nTo: c@d\r\n" in made


def test_a_message_with_a_masked_secret_gives_way():
    """To one that is given."""
    text = LOGIN.replace("C: QUIT\nS: 221 bye\n", "") + SENDING.partition("S: 250 SIZE\n")[2]
    text = text.replace("C: text", "C: secret1")
    assert any(step.repeats for step in script(text).steps)
    assert not any(step.repeats for step in script(text, test_message=True).steps)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"RCPT TO:<a@b> NOTIFY=NEVER", b"a@b"),
        (b"rcpt to: a@b", b"a@b"),
        (b"RCPT TO:<@x,@y:a@b>", b"@x,@y:a@b"),
        (b'RCPT TO:<"a b"@c>', b'"a b"@c'),
        (b"MAIL FROM:<>", b""),
        (b'RCPT TO:<"x@ok.test>"@evil.test>', b'"x@ok.test>"@evil.test'),
        (b"RCPT TO:<a@ok.test>@evil.test", b""),
        (b"RCPT TO:<a@ok.test", b""),
        (b"RCPT <a@b>", b""),
        (b"RCPT TO: a@ok.test TO:<b@evil.test>", b""),
        (b"MAIL FROM:<a@b> AUTH=<>", b"a@b"),
    ],
)
def test_paths(line, path):
    """What is not clearly an address is none."""
    assert path_of(line) == path
