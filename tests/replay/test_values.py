"""Values in the place of placeholders."""

from __future__ import annotations

import pytest

from smtptrace.errors import UsageError
from smtptrace.replay.values import MissingValueError, filled, given, names_in, read_capture
from smtptrace.secret import Secret


def test_what_stands_in_a_line():
    """Names as they are, those of the environment with their mark; nothing else is one."""
    assert list(names_in(b"NOOP ${A} ${env:B_1} ${c} ${1} $D ${}")) == ["A", "env:B_1", "c"]


def test_values_are_put_in_once():
    """A placeholder without a value stays; what is put in is not read again."""
    assert given(b"NOOP ${A} ${B}", {"A": "x"}) == b"NOOP x ${B}"
    assert given(b"NOOP ${A}", {"A": "ä"}) == "NOOP ä".encode()


def test_no_value_brings_in_another():
    """A secret perhaps; what is put in last may look like one."""
    with pytest.raises(MissingValueError, match="the value of A holds a placeholder"):
        given(b"NOOP ${A}", {"A": "${env:X}"})
    assert filled(b"NOOP ${A} ${B}", {"A": "${B}", "B": "b"})[0] == b"NOOP ${B} b"


@pytest.mark.parametrize("value", ["a\r\nRCPT TO:<x@y>", "a\n", "a\r", "\x00", "\x85", "\u2028", "\x1b[2J"])
def test_no_value_ends_a_line(value):
    """Whenever it is put in."""
    with pytest.raises(MissingValueError, match="the value of A"):
        given(b"NOOP ${A}", {"A": value})
    with pytest.raises(MissingValueError, match="the value of A"):
        filled(b"NOOP ${A}", {"A": value})
    assert given(b"NOOP", {"A": value}) == b"NOOP"


def test_a_secret_is_sent_and_not_shown():
    """Not in what it refuses either."""
    assert filled(b"NOOP ${env:A} ${B}", {"env:A": Secret("geheim"), "B": "b"}) == (b"NOOP geheim b", b"NOOP **** b")
    with pytest.raises(MissingValueError) as error:
        filled(b"NOOP ${env:A}", {"env:A": Secret("geheim\n")})
    assert "geheim" not in str(error.value)
    with pytest.raises(MissingValueError, match="B has no value"):
        filled(b"NOOP ${B}", {})


def test_a_value_out_of_a_reply():
    """The group, or all that was found; in the first line that has it."""
    capture = read_capture(r'ID from "queued as (\w+)"')
    assert (capture.name, capture.find([b"2.0.0 Ok", b"2.0.0 Queued as 4XY"])) == ("ID", "4XY")
    assert read_capture('ID from "[0-9]+"').find([b"a 12 b"]) == "12"
    assert read_capture('ID from "say \\"(.*)\\""').find([b'say "x"']) == "x"
    assert capture.find([b"x" * 1000 + b"queued as 1"]) is None


@pytest.mark.parametrize("text", ["ID", 'ID from ""', 'ID from "("', '1 from "x"', "ID from x", 'a-b from "x"'])
def test_what_is_no_capture(text):
    """It is said, rather than left out."""
    with pytest.raises(UsageError, match="# set: "):
        read_capture(text)
