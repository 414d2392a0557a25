"""A script with values in."""

from __future__ import annotations

import pytest
from replay.scripts import LOGIN, SENDING, script

from smtptrace.errors import UsageError

TEXT = SENDING.replace("<c@d>", "<${TO}>").replace("C: text", "C: dear ${env:WHO}, ${TO}\nC: ..${TO}")


def content(found) -> bytes:
    return next(step.content for step in found.steps if step.content)


def test_what_is_still_needed():
    """By name, in the line and in the content; what the environment has is not among it."""
    needs = [step.needs for step in script(TEXT).steps if step.open]
    assert needs == [("TO",), ("env:WHO", "TO")]
    assert [step.needs for step in script(TEXT, environment=("WHO",), values={"TO": "x@y"}).steps if step.open] == []


def test_values_in_content():
    """Where the script has a placeholder there; secrets only when it is played."""
    found = script(TEXT, values={"TO": "x@y"}, environment=("WHO",), exact=True)
    assert content(found) == b"Subject: s\r\n\r\ndear ${env:WHO}, x@y\r\n.x@y\r\n"
    assert found.steps[3].line.startswith(b"RCPT TO:<x@y>")
    literal = script(SENDING.replace("C: text", "C: \\x24{TO}"), values={"TO": "x@y"}, exact=True)
    assert b"${TO}" in content(literal)


def test_a_value_of_a_reply_is_known_from_then_on():
    """Not before."""
    for before, is_open in ('# set: ID from "(ok)"\nS: 250 ok\n', False), ('S: 250 ok\n# set: ID from "(ok)"\n', True):
        text = SENDING.replace("S: 250 ok\nC: RCPT", before + "C: NOOP ${ID}\nS: 250 ok\nC: RCPT")
        (asking,) = (step for step in script(text).steps if step.asks)
        assert (asking.line, asking.open) == (b"NOOP ${ID}", is_open)


def test_who_logs_in():
    """Named by a comment above the command, and that may be a value too."""
    text = LOGIN.replace("C: AUTH LOGIN\n", "# login: LAB\\\\${USER}\nC: AUTH LOGIN\n")
    assert script(text, values={"USER": "bob"}).steps[2].login.user == "LAB\\bob"
    text = LOGIN.replace("C: c2VjcmV0MQ==", "C: ${env:LAB_PASSWORD}")
    assert script(text).steps[2].login.variable == "LAB_PASSWORD"
    assert script(text).steps[2].needs == ("env:LAB_PASSWORD",)
    alone = script("C: EHLO a\n# login: bob\nC: AUTH PLAIN ${env:LAB_PASSWORD}\nC: QUIT\n").steps[2]
    assert (alone.login.user, alone.login.variable, alone.needs) == ("bob", "LAB_PASSWORD", ("env:LAB_PASSWORD",))
    assert script(text, environment=("LAB_PASSWORD",)).steps[2].needs == ()


def test_a_line_end_is_refused():
    """Wherever the value would stand."""
    with pytest.raises(UsageError, match="line end"):
        script(TEXT, values={"TO": "x@y>\r\nRCPT TO:<z@z"})
