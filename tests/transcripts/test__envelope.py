"""A transcript in the log of something else: what stands before its lines is taken off, and its times are kept."""

from __future__ import annotations

import pytest
from support.told import connections, dialect, exchanges

from smtptrace.wire import TimeBasis

SWAKS = (
    "=== Trying mx.example:25...",
    "<-  220 hi",
    " -> EHLO a",
    "<-  250 ok",
    " -> QUIT",
    "<** 421 4.3.2 closing",
)
JAVAMAIL = (
    'DEBUG SMTP: trying to connect to host "mx.example", port 25, isSSL false',
    "220 hi",
    "EHLO a",
    "250 ok",
    'DEBUG SMTP: Found extension "X", arg ""',
    "QUIT",
    "221 bye",
)
SMTPLIB = ("send: 'ehlo a\\r\\n'", "reply: b'250 ok\\r\\n'", "send: 'quit\\r\\n'", "reply: b'221 bye\\r\\n'")
STAMPED = (
    "2026-01-02T03:04:05.123456789Z stdout F ",
    "Jan 02 03:04:05 host01 job.sh[2211]: ",
    "2026-01-02 03:04:05,200 DEBUG root: ",
    "2026-01-02 03:04:05.200 DEBUG 1 --- [main] c.e.Mail : ",
)
PLAIN = ("app_1  | ", "    ", "DEBUG:root:")


def wrapped(head: str, lines: tuple[str, ...]) -> str:
    """The lines, each behind the same head."""
    return "".join(f"{head}{line}\n" for line in lines)


@pytest.mark.parametrize("head", [*STAMPED, *PLAIN])
def test_the_dialect_is_found_behind_it(head: str) -> None:
    """A container, a host with a process, a logger, a margin: each leaves the dialect as it was."""
    assert dialect(wrapped(head, SWAKS)) == "swaks"
    assert dialect(wrapped(head, SMTPLIB)) == "smtplib"
    assert exchanges(wrapped(head, SWAKS)) == ["EHLO 250, QUIT 421"]
    assert exchanges(wrapped(head, SMTPLIB)) == ["EHLO 250, QUIT 221"]


@pytest.mark.parametrize("head", ["app_1  | ", "Jan 02 03:04:05 host01 app[7]: "])
def test_lines_without_a_mark_of_their_own(head: str) -> None:
    """JavaMail's replies and commands have no mark; the head is on them all the same."""
    assert exchanges(wrapped(head, JAVAMAIL)) == ["EHLO 250, QUIT 221"]
    assert dialect(wrapped(head, JAVAMAIL)) == "javamail"


@pytest.mark.parametrize("head", STAMPED)
def test_its_times_are_kept(head: str) -> None:
    """What the dialect does not tell, the log around it does."""
    (connection,) = connections(wrapped(head, SWAKS))
    assert connection.origin.time_basis is not TimeBasis.NONE
    assert all(event.time_ns is not None for event in connection.events)


def test_a_log_with_heads_of_its_own_keeps_them() -> None:
    """Postfix's lines begin as any syslog's do, and mean nothing without it."""
    lines = ("> a[192.0.2.1]: 220 hi", "< a[192.0.2.1]: EHLO a", "> a[192.0.2.1]: 250 ok")
    assert dialect(wrapped("Jan  2 03:04:05 mx postfix/smtpd[1]: ", lines)) == "postfix"
    assert dialect(wrapped("2026-01-02T03:04:05+01:00 INFO    postfix/smtpd[1]: ", lines)) == "postfix"


def test_a_dialogue_without_marks_behind_one_with_marks() -> None:
    """Two transcripts in one text, the second one typed by hand."""
    text = wrapped("", SWAKS) + "\nand by telnet:\n\n220 hi\nHELO a\n250 ok\nMAIL FROM:<a@b>\n503 no\n"
    assert exchanges(text) == ["EHLO 250, QUIT 421", "HELO 250, MAIL 503"]
