"""Captured octets on a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.outputs._text import visible


@pytest.mark.parametrize(
    ("captured", "shown"),
    [
        (b"EHLO app01", "EHLO app01"),
        (b"\x1b]0;title\x07", r"\x1b]0;title\x07"),
        (b"\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x9b31m", r"\x9b31m"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        (b"caf\xe9", r"caf\xe9"),
        ("café", "café"),
        ("\ud800", r"\ud800"),
        ("tab\there", r"tab\x09here"),
        ("line\u2028end", r"line\u2028end"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + r"\u0301" * 2),
    ],
)
def test_what_could_act_on_the_terminal_becomes_visible(captured: str | bytes, shown: str) -> None:
    """Controls, bidirectional marks and invisible characters are written out, ordinary text is not touched."""
    assert visible(captured) == shown


def test_a_long_line_is_cut_and_says_so() -> None:
    """The number of characters left out is named."""
    assert visible("x" * 30, longest=10) == "x" * 10 + " [20 more characters]"


@given(st.text() | st.binary())
def test_nothing_that_acts_ever_passes(captured: str | bytes) -> None:
    """No control, format or surrogate character is left in any output."""
    assert not [char for char in visible(captured) if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not any(
        char in visible(captured) for char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\u200e\u200f"
    )
