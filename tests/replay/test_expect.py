"""`# expect:` lines."""

from __future__ import annotations

import pytest

from smtptrace.errors import UsageError
from smtptrace.replay.expect import matches, read_expect
from smtptrace.replay.script import script_of
from smtptrace.trace import read_text


def test_every_word():
    """A code, an enhanced code, what it is worth, how long to wait, and a pattern to the end of the line."""
    expect = read_expect("5xx 5.7.x optional timeout=1.5 text=denied|no way")
    assert (expect.code, expect.enhanced, expect.optional, expect.timeout_s) == ("5xx", "5.7.x", True, 1.5)
    assert expect.text is not None
    assert expect.text.search("Relay access Denied")
    assert not read_expect("optional").asks


@pytest.mark.parametrize("text", ["99", "250 maybe", "timeout=", "2x0", "text=(", "650"])
def test_what_is_none(text):
    """It is said, rather than left out."""
    with pytest.raises(UsageError):
        read_expect(text)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("250", "250", True),
        ("2xx", "251", True),
        ("25x", "261", False),
        ("5.7.x", "5.7.57", True),
        ("5.x.1", "5.7.1", True),
        ("5.7.8", "5.7.80", False),
        ("2.0.0", None, False),
    ],
)
def test_codes(pattern, value, fits):
    """`x` stands for a digit of a code, for a number of an enhanced one."""
    assert matches(pattern, value) is fits


def test_where_they_belong():
    """To the next reply; none need be recorded."""
    text = (
        "# session: 1\n# expect: 220\nS: 220 hi\nC: EHLO a\n# expect: 250 text=SIZE\nS: 250 hi\n"
        "# expect: 551\nC: VRFY x\nS: 252 x\nC: MAIL FROM:<a@b>\n# expect: 550 5.1.x\nC: QUIT\n"
    )
    (trace,) = read_text(text)
    steps = script_of(trace, "1").steps
    assert [each.expect and each.expect.code for each in steps] == ["220", "250", "551", "550", None]
    assert [each.recorded and each.recorded.code for each in steps] == [220, 250, 252, None, None]


def test_several_codes():
    """Any of them will do."""
    assert matches("250|251", "251")
    assert matches("2xx|4.7.1", "250")
    assert not matches("250|251", "252")
    assert read_expect("250|25x 2.1.x|2.0.0").enhanced == "2.1.x|2.0.0"
    with pytest.raises(UsageError):
        read_expect("250|")


def test_prose_is_no_direction():
    """A text that somebody else wrote down says nothing to a replay."""
    (trace,) = read_text("set: of notes\nlogin: bob\nC: EHLO a\nexpect: nothing\nS: 250 hi\nC: QUIT\nS: 221 bye\n")
    assert [step.expect for step in script_of(trace, "1").steps] == [None] * 3
