"""A recording as a script to edit."""

from __future__ import annotations

from replay.scripts import CHUNKED, LOGIN, SENDING, trace

from smtptrace.clean import clean
from smtptrace.replay.script import script_of
from smtptrace.replay.written import with_directions
from smtptrace.trace import read_text
from smtptrace.transcripts.dialogue import write


def written(text: str, kind: str = "code") -> str:
    """The text as a script."""
    found = trace(text)
    return write(with_directions(found, clean(found.session.connection).connection, kind))


def test_each_reply_is_expected():
    """What came, before the reply that it is about."""
    text = written(SENDING)
    assert text.count("# expect: ") == 6
    assert "C: DATA\nS: 354 go\nC: Subject: s\nC:\nC: text\nC: .\n# expect: 250\nS: 250 ok\n" in text
    assert text.startswith("# session: 1\n# expect: 220\nS: 220 hi\nC: EHLO a\n# expect: 250\nS: 250-hi\n")


def test_enhanced_codes():
    """Where they are asked for."""
    text = SENDING.replace("S: 250 ok\nC: QUIT", "S: 250 2.0.0 ok\nC: QUIT")
    assert "# expect: 250 2.0.0\n" in written(text, "enhanced")
    assert "# expect: 250 2.0.0\n" not in written(text)


def test_who_logs_in():
    """Where the response hides it behind the secret, too."""
    plain = LOGIN.replace("C: AUTH LOGIN\n", "C: AUTH PLAIN AGFsaWNlAHNlY3JldDE=\n")
    for part in ("S: 334 VXNlcm5hbWU6\nC: YWxpY2U=\n", "S: 334 UGFzc3dvcmQ6\nC: c2VjcmV0MQ==\n"):
        plain = plain.replace(part, "")
    text = written(plain)
    assert "# login: alice\nC: AUTH PLAIN ${PASSWORD}\n# expect: 235\nS: 235 ok\n" in text
    assert "secret1" not in text


def test_it_is_read_as_it_was_written():
    """The same steps, with what is expected of each."""
    for text in (SENDING, CHUNKED, LOGIN):
        before = script_of(trace(text), "1").steps
        (again,) = read_text(written(text))
        after = script_of(again, "1").steps
        assert [step.verb for step in after] == [step.verb for step in before]
        assert [step.expect.code for step in after] == [f"{step.recorded.code}" for step in before]
        assert [step.login and step.login.user for step in after] == [step.login and step.login.user for step in before]
