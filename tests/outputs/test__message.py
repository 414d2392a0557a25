"""Header fields of messages."""

from __future__ import annotations

import pytest

from smtptrace.outputs._message import message_facts
from smtptrace.smtp import Content


@pytest.mark.parametrize(
    ("head", "subject", "message_id"),
    [
        (b"Subject: hello\r\nMessage-ID: <1@x>\r\n\r\nSubject: body", "hello", "<1@x>"),
        (b"SUBJECT:\thello\r\n there\r\n\tagain\r\nTo: b\r\n\r\n", "hello there\tagain", None),
        (b"subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n\nbody", "grüße", None),
        (b"Subject: =?nonsense?q?x?=\r\n\r\n", "=?nonsense?q?x?=", None),
        (b"X-Subject: no\r\n\r\nSubject: body", None, None),
        (b"Subject: first\r\nSubject: second\r\n", "first", None),
        (b"Subject: caf\xe9", "caf\ufffd", None),
        (b"", None, None),
    ],
)
def test_subject_and_message_id(head: bytes, subject: str | None, message_id: str | None) -> None:
    """The first of its name in the header section, unfolded and decoded."""
    facts = message_facts(Content(head=head))
    assert (facts["subject"], facts["message_id"]) == (subject, message_id)


def test_attachments_are_not_claimed() -> None:
    """None says that nobody looked; an empty list would say that there are none."""
    assert message_facts(None) == {"subject": None, "message_id": None, "attachments": None}
