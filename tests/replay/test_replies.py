"""Replies out of what a target sends."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.replay.replies import MOST_OCTETS, BrokenReplyError, ReplyBuffer

TWO = b"250-one\r\n250 two\r\n354\r\n"


@given(st.lists(st.integers(0, len(TWO)), max_size=6))
def test_any_pieces_give_the_same(cuts):
    """Two replies, however they are cut."""
    buffer, found = ReplyBuffer(), []
    places = sorted([0, *cuts, len(TWO)])
    for start, stop in itertools.pairwise(places):
        buffer.feed(TWO[start:stop])
        while (lines := buffer.take()) is not None:
            found.append(lines)
    assert found == [(b"250-one", b"250 two"), (b"354",)]
    assert buffer.rest == 0


@pytest.mark.parametrize("octets", [b"hello\r\n", b"250-a\r\n550 b\r\n", b"99 x\r\n", b"\r\n", b"250\xffx\r\n"])
def test_no_reply(octets):
    """What is none is told, quoted so that it can be printed."""
    buffer = ReplyBuffer()
    buffer.feed(octets)
    with pytest.raises(BrokenReplyError, match="no SMTP reply"):
        buffer.take()


def test_a_reply_has_a_bound():
    """In one line, and in many."""
    buffer = ReplyBuffer()
    with pytest.raises(BrokenReplyError, match="more than"):
        buffer.feed(b"2" * (MOST_OCTETS + 1))
    buffer = ReplyBuffer()
    with pytest.raises(BrokenReplyError, match="more than"):
        for _ in range(MOST_OCTETS):
            buffer.feed(b"250-" + b"x" * 1000 + b"\r\n")
            assert buffer.take() is None
