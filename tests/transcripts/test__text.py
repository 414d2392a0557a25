"""Text is taken as it comes: any line end and charset, quoted, wrapped, between prose, several transcripts in one."""

from __future__ import annotations

import pytest
from support.told import connections, dialect, exchanges, told

from smtptrace.transcripts._text import parts

DIALOGUE = """\
220 mail.example ESMTP
EHLO app01
250-mail.example
250 HELP
QUIT
221 bye
"""
SWAKS = """\
=== Trying 192.0.2.4:25...
=== Connected to 192.0.2.4.
<-  220 mail.example ESMTP
 -> EHLO app01
<-  250 mail.example
 -> QUIT
<-  221 bye
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends(end: str) -> None:
    """CRLF, LF, CR, and the CR CR LF of a terminal recorded raw."""
    assert exchanges(DIALOGUE.replace("\n", end)) == ["EHLO 250, QUIT 221"]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_charsets(charset: str) -> None:
    """UTF-8, UTF-16 as PowerShell redirects it (with a BOM or without), Windows-1252."""
    text = DIALOGUE.replace("bye", "tschüß")
    assert told(text.encode(charset))[-1].startswith("S: 221 tschüß")


def test_octets_of_another_charset_are_not_those_of_the_wire() -> None:
    """A line that had to be recoded is marked as such."""
    assert told(DIALOGUE.replace("bye", "tschüß").encode("cp1252"))[-1] == "S: 221 tschüß (decoded)"


def test_colours_and_overstriking_vanish() -> None:
    """What a terminal or a manual page puts between the letters was not said."""
    assert exchanges("\x1b[32m" + DIALOGUE.replace("EHLO", "\x1b[1mEHLO\x1b[0m")) == ["EHLO 250, QUIT 221"]
    bold = "".join(f"{letter}\b{letter}" for letter in "EHLO app01")
    assert exchanges(DIALOGUE.replace("EHLO app01", bold)) == ["EHLO 250, QUIT 221"]


def test_html() -> None:
    """A dialogue copied from the source of a web page."""
    page = "<html><pre>" + SWAKS.replace("<", "&lt;").replace(">", "&gt;") + "</pre></html>"
    assert (dialect(page), exchanges(page)) == ("swaks", ["EHLO 250, QUIT 221"])
    assert exchanges(DIALOGUE.replace("\n", "<br />\n")) == ["EHLO 250, QUIT 221"]


@pytest.mark.parametrize("mark", ["> ", ">> ", "> > > "])
def test_quoted_in_a_mail(mark: str) -> None:
    """Quoting marks are taken off, those of a dialect stay."""
    quoted = "Hello,\n\n" + "".join(f"{mark}{line}\n" for line in SWAKS.splitlines()) + "\nAny idea?\n"
    assert (dialect(quoted), exchanges(quoted)) == ("swaks", ["EHLO 250, QUIT 221"])


def test_curl_is_no_quotation() -> None:
    """`> ` before commands and `< ` before replies is curl's own."""
    text = "* Connected to mail.example (192.0.2.4) port 25 (#0)\n< 220 hi\n> EHLO a\n> DATA\n> QUIT\n< 250 ok\n"
    assert told(text) == ["S: 220 hi", "C: EHLO a", "C: DATA", "C: QUIT", "S: 250 ok"]


def test_several_in_one_text() -> None:
    """A thread with a telnet dialogue in a fence, prose, and swaks' output gives both, each in its own dialect."""
    thread = f"I tried this:\n\n```\n{DIALOGUE}```\n\nand then with swaks:\n\n{SWAKS}\nWhat is wrong?\n"
    assert [found.origin.format for found in connections(thread)] == ["telnet", "swaks"]


def test_dialects_change_without_a_fence() -> None:
    """Where lines of another dialect begin, another transcript begins."""
    text = SWAKS + "the server says:\nConnected to smtp://mail.example:25/\nS: 220 hi\nC: QUIT\nS: 221 bye\n"
    assert [found.origin.format for found in connections(text)] == ["swaks", "mailkit"]


def test_prose_is_no_dialogue() -> None:
    """Numbers and verbs in prose are not taken for replies and commands."""
    prose = "We met\n250 people in 2024.\n\nMail them, or\nquit. Data\nis what you need. 550 of them left.\n"
    assert connections(prose) == ()


@pytest.mark.parametrize("junk", [b"", b"\n\n\n", b"\0" * 100, bytes(range(256)) * 8, b"\xff\xfe", b"hello world"])
def test_junk_gives_nothing(junk: bytes) -> None:
    """An empty file, binary junk and a text without dialogue give no connection."""
    assert connections(junk) == ()


def test_wrapped_by_a_console_with_marks() -> None:
    """A marked line of just 80 columns goes on below."""
    said = "250-" + "x" * 90
    line = f"<-  {said}"
    text = SWAKS.replace("<-  250 mail.example", f"{line[:80]}\n{line[80:]}\n<-  250 mail.example")
    assert f"S: {said}" in told(text)


def test_wrapped_by_a_console_without_marks() -> None:
    """A token of three rows of an 80-column window is one line."""
    token = "QUJD" * 50
    rows = "\n".join(token[at : at + 80] for at in range(0, len(token), 80))
    text = f"220 hi\nAUTH GSSAPI\n334\n{rows}\n535 no\n"
    assert told(text) == ["S: 220 hi", "C: AUTH GSSAPI", "S: 334", f"C: {token}", "S: 535 no"]


def test_no_wrap_where_lines_are_longer() -> None:
    """Where any line is longer the window was wider: a line of 80 columns is whole."""
    text = f"220 hi\nEHLO a\n250-{'x' * 76}\n250-{'y' * 90}\n250 ok\n"
    assert len(told(text)) == 5


def test_address_hidden_by_a_web_page() -> None:
    """It is kept and marked: a value is needed there."""
    text = "S: 220 hi\nC: MAIL FROM:<[email protected]>\nS: 250 ok\n"
    assert told(text)[1] == "C: MAIL FROM:<[email protected]> (masked)"


def test_line_numbers_are_those_of_the_text() -> None:
    """`frame` is the line in the file, whatever was taken off before."""
    (connection,) = connections("Hi,\n\n> S: 220 hi\n> C: QUIT\n> S: 221 bye\n")
    assert [event.frame for event in connection.events if type(event).__name__ == "Octets"] == [3, 4, 5]


def test_fences_divide() -> None:
    """A part is what stands between fences, or around them."""
    assert [len(part.lines) for part in parts(b"a\n```\nb\nc\n```\nd\n")] == [1, 2, 1]


def test_quoted_with_bars() -> None:
    """Some programs put a bar before what they quote; a table has one behind it too."""
    dialogue = "220 mx.test ESMTP\nHELO a\n250 hi\nQUIT\n221 bye\n"
    quoted = "".join(f"| {line}\n" for line in dialogue.splitlines())
    assert exchanges(quoted) == ["HELO 250, QUIT 221"]
    assert dialect(quoted) == "telnet"
