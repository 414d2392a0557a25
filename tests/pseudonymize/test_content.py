"""Messages with other names and without what they said."""

from __future__ import annotations

from smtptrace.pseudonymize import Names
from smtptrace.pseudonymize._content import rewritten
from smtptrace.pseudonymize._text import Sweeper

MESSAGE = (
    b"Received: from ws01.corp.net ([10.0.0.7]) by EX01 with SMTP id 42;\r\n"
    b"\tMon, 23 Nov 2026 18:00:00 +0000\r\n"
    b'From: "Alice M" <alice@corp.net>\r\n'
    b"Subject: Salaries\r\n"
    b'Content-Type: text/plain; name="salaries.txt"; charset=utf-8\r\n'
    b"\r\n"
    b"Dear Bob,\r\n"
    b"..dots and \xc3\xa9\n"
    b".\r\n"
)


def test_headers_keep_their_names_and_bodies_their_size() -> None:
    """Dots, line ends and what is no ASCII stay where they were."""
    new, inside = rewritten(MESSAGE, Sweeper(Names()), inside_body=False, keep=False)
    assert inside
    assert new.split(b"\r\n")[:-1] == [
        b"Received: xxxx site1.site2.net ([192.0.2.1]) xx xx00 xxxx xxxx xx 00;",
        b"\txxx, 00 xxx 0000 00:00:00 +0000",
        b'From: "xxxxx x" <person1@site2.net>',
        b"Subject: xxxxxxxx",
        b'Content-Type: text/plain; name="xxxxxxxx.xxx"; charset=utf-8',
        b"",
        b"xxxx xxxx",
        ".xxxxx xxx é\n.".encode(),
    ]


def test_a_kept_body_loses_only_names() -> None:
    """Those that look like names."""
    new, _ = rewritten(b"\r\nask alice@corp.net\r\n", Sweeper(Names()), inside_body=False, keep=True)
    assert new == b"\r\nask person1@site1.net\r\n"


def test_a_later_chunk_goes_on_in_the_body() -> None:
    """It has no headers of its own."""
    assert rewritten(b"To: bob\r\n", Sweeper(Names()), inside_body=True, keep=False) == (b"xxx xxx\r\n", True)
