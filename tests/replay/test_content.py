"""Messages with fresh fields, and those made for a test."""

from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.replay.content import chunks, fresh_fields, renewed, short_message, stuffed, with_line_ends

FIELDS = b"X-New: 1\r\n"


def test_fresh_fields_are_never_the_same():
    """Date, Message-ID and the mark of a replay."""
    one, two = fresh_fields(), fresh_fields()
    assert one != two
    found = message_from_bytes(one)
    assert found["X-Smtptrace-Replay"] == "yes"
    assert found["Message-ID"].endswith("@smtptrace.invalid>")
    assert found["Date"]


def test_own_fields_give_way():
    """Folded, in any case, wherever they stand in the header; the same words in the body stay."""
    message = (
        b"DATE: Mon,\r\n 1 Jan 2024\r\nFrom: a@b\r\nmessage-id:\r\n\t<x@y>\r\nSubject: s\r\n\r\n"
        b"Date: in the body\r\n.\r\n"
    )
    assert renewed(message, FIELDS) == b"X-New: 1\r\nFrom: a@b\r\nSubject: s\r\n\r\nDate: in the body\r\n.\r\n"


def test_no_receipts():
    """Nobody is told that a message came who asked for it in its header."""
    message = (
        b"Disposition-Notification-To: a@b\r\nFrom: a@b\r\nerrors-to: a@b,\r\n c@d\r\nReturn-Receipt-To: a@b\r\n"
        b"X-Confirm-Reading-To: a@b\r\nSubject: s\r\n\r\nErrors-To: stays\r\n"
    )
    assert renewed(message, FIELDS) == b"X-New: 1\r\nFrom: a@b\r\nSubject: s\r\n\r\nErrors-To: stays\r\n"


def test_without_body_or_header():
    """A header alone, and a text without any."""
    assert renewed(b"Subject: s\r\nDate: x", FIELDS) == b"X-New: 1\r\nSubject: s\r\n"
    assert renewed(b"just text\r\n", FIELDS) == b"X-New: 1\r\n\r\njust text\r\n"


def test_a_message_for_a_test():
    """Sender and recipients of the envelope."""
    found = message_from_bytes(short_message(b"a@b", (b"c@d", b"e@f")))
    assert (found["From"], found["To"]) == ("<a@b>", "c@d, e@f")
    assert b"undisclosed" in short_message(b"", ())


@pytest.mark.parametrize(
    ("octets", "lines"), [(b"a\nb", b"a\r\nb\r\n"), (b"a\rb\r\n", b"a\r\nb\r\n"), (b"", b""), (b"\n", b"\r\n")]
)
def test_line_ends_of_a_file(octets, lines):
    """CRLF everywhere."""
    assert with_line_ends(octets) == lines


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n..\r\n", b"..\r\n...\r\n.\r\n"),
        (b"a\n.b\r\n", b"a\n..b\r\n.\r\n"),
    ],
)
def test_stuffed(content, sent):
    """As DATA sends it."""
    assert stuffed(content) == sent


@given(st.binary(max_size=40), st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_chunks_are_the_content(content, sizes):
    """As many as asked for, and nothing is lost."""
    found = chunks(content, sizes)
    assert len(found) == len(sizes)
    assert b"".join(found) == content
