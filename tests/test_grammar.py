"""What lines look like."""

from __future__ import annotations

import pytest

from smtptrace import grammar


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        (b"EHLO a\r\n", "EHLO"),
        (b"ehlo\ta\r\n", "EHLO"),
        (b"eHlO a\r\n", "EHLO"),
        (b"QUIT", "QUIT"),
        (b"X-EXPS NTLM\r\n", "X-EXPS"),
        (b"AUTH=LOGIN\r\n", "AUTH"),
        (b"BOGUS\r\n", "BOGUS"),
        (b"Subject\r\n", "SUBJECT"),
        (b"XFOO2 a\r\n", "XFOO2"),
        (b"", None),
        (b" EHLO a\r\n", None),
        (b"MAIL\x08 FROM:<a>\r\n", None),
        (b"VXNlcm5hbWU6\r\n", None),
        (b"dGVzdDEyMzQ=\r\n", None),
        (b"\xff\xfd\x03NOOP\r\n", None),
        (b"<xml>\r\n", None),
    ],
)
def test_the_verb_of_a_line(line, verb):
    """Known verbs in any case, unknown ones where they are written as verbs are."""
    assert grammar.verb_of(line) == verb


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        (b"a\r\n", b"a"),
        (b"a\n", b"a"),
        (b"a\r\0", b"a"),
        (b"a\r", b"a\r"),
        (b"a", b"a"),
        (b"a\r\r\n", b"a\r"),
        (b"", b""),
    ],
)
def test_without_its_end(line, rest):
    """CRLF, LF and CR NUL end a line; a lone CR does not."""
    assert grammar.without_line_end(line) == rest


@pytest.mark.parametrize(
    ("line", "certain"),
    [
        (b"MAIL FROM:<a@x.test>\r\n", True),
        (b"rcpt to:<a@x.test>", True),
        (b"QUIT\r\n", True),
        (b"DATA\n", True),
        (b"EHLO a\r\n", True),
        (b"AUTH PLAIN AA==\r\n", True),
        (b"BDAT 10 LAST\r\n", True),
        (b"quit smoking\r\n", False),
        (b"Data are here\r\n", False),
        (b"Mail from my aunt\r\n", False),
        (b"ehlo to you all\r\n", False),
        (b"Subject: QUIT\r\n", False),
    ],
)
def test_commands_beyond_doubt(line, certain):
    """Lines of a mail are not taken for commands."""
    assert grammar.is_command(line) is certain
    assert grammar.is_command(b"xx" + line, 2) is certain


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"250 2.1.0 ok"], "2.1.0"),
        ([b"250-mx", b"250 2.0.0 ok"], "2.0.0"),
        ([b"535 5.7.8"], "5.7.8"),
        ([b"250 ok"], None),
        ([b"220 5.7.8x"], None),
        ([], None),
    ],
)
def test_enhanced_codes(lines, code):
    """The first one of a reply (RFC 3463)."""
    assert grammar.enhanced_code(tuple(lines)) == code


@pytest.mark.parametrize(
    ("line", "found"), [(b"YWI=\r\n", True), (b"YWJj", True), (b"", True), (b"YWJ", False), (b"a b=\r\n", False)]
)
def test_base64_lines(line, found):
    """Base64 and nothing else."""
    assert grammar.is_base64(line) is found
