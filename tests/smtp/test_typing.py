"""What a person at a keyboard meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialogue import session, talk

from smtptrace.smtp.typing import as_meant, is_edited


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"mail frrom\x08\x08\x08om:<a>\r\n", b"mail from:<a>\r\n"),
        (b"EHLI\x7fO a\r\n", b"EHLO a\r\n"),
        (b"\x08\x08EHLO a\r\n", b"EHLO a\r\n"),
        ("rü\x7fu\r\n".encode(), b"ru\r\n"),
        (b"wrong\x15EHLO a\r\n", b"EHLO a\r\n"),
        (b"EHLO wrong\x17right\r\n", b"EHLO right\r\n"),
        (b"EHO a\x1b[D\x1b[D\x1b[DL\r\n", b"EHLO a\r\n"),
        (b"EHO a\x1bOD\x1bOD\x1bODL\x1bOC\x1bOCb\r\n", b"EHLO ba\r\n"),
        (b"HLO a\x1b[HE\x1b[Fb\r\n", b"EHLO ab\r\n"),
        (b"HLO a\x01E\x05b\r\n", b"EHLO ab\r\n"),
        (b"EXHLO a\x1b[1~\x1b[C\x1b[3~\r\n", b"EHLO a\r\n"),
        (b"EHLO abc\x1b[D\x1b[D\x0b\r\n", b"EHLO a\r\n"),
        ("EHLO ü\x1b[D\x1b[3~a\r\n".encode(), b"EHLO a\r\n"),
        (b"EHLO a\x1b[A\x1b[2~\r\n", b"EHLO a\r\n"),
        (b"\xff\xfd\x03\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0EHLO a\xff\xf1\r\0", b"EHLO a\r\n"),
        (b"a\r\0b\x08c\r\0d", b"a\r\nc\r\nd"),
        (b"a\r\n\x08b\n", b"a\r\nb\r\n"),
        (b"EHLO a\r\n", b"EHLO a\r\n"),
    ],
)
def test_editing_keys(raw, meant):
    """Each key does what it does at a terminal."""
    assert as_meant(raw) == meant


def test_nobody_types_so_long_a_line():
    """It is given back as it is."""
    line = b"x\x08" * 10_000
    assert as_meant(line) == line


@given(st.lists(st.sampled_from([b"a", b"\xc3\xbc", b"\x08", b"\x7f", b"\x15", b"\x17", b"\x1b[D", b"\x1b[C", b" "])))
def test_nothing_of_the_editing_is_left(keys):
    """What was meant needs no mending any more."""
    meant = as_meant(b"".join(keys))
    assert not is_edited(meant)
    assert as_meant(meant) == meant


def test_a_mended_line_is_told_with_its_reply():
    """The octets as the server saw them, as they were meant, and what it said to them."""
    read = session(r"""
        S: 220 hi
        C> mail frrom\x08\x08\x08om:<a@x.test>\r\n
        S: 501 5.5.4 Unrecognized parameter
        C> EHLX\x08O a\r\n
        S: 500 what
    """)
    assert talk(read) == [("MAIL", 501), (None, 500)]
    assert [each.kind for each in read.anomalies] == ["backspace", "backspace"]
    assert read.anomalies[0].detail == (
        r"sent 'mail frrom\x08\x08\x08om:<a@x.test>', meant 'mail from:<a@x.test>',"
        " answered 501 5.5.4 Unrecognized parameter"
    )


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (r"\xff\xfd\x03NOOP\r\n", ["telnet-negotiation"]),
        (r"NO\x1b[D\x1b[COP\r\n", ["cursor-keys"]),
        (r"xx\x15NOOP\r\n", ["line-kill"]),
        (r"NOOP\r\0NOOP\r\n", ["cr-nul-line-end"]),
        (r"NOOPX\x7f\r\0NOOP\r\n", ["backspace", "cr-nul-line-end"]),
    ],
)
def test_kinds_of_typing(line, kinds):
    """Each has a name of its own."""
    assert [each.kind for each in session(f"S: 220 hi\nC> {line}\nS: 500 what").anomalies] == kinds


def test_typed_secrets_are_not_shown():
    """A login line keeps its mechanism, a line of base64 nothing."""
    read = session(r"""
        S: 220 hi
        C> AUTH PLAIN AGEA\x08AYg==\r\n
        S: 501 no
        C> c2Vjcm\x08mV0\r\n
        S: 500 what
    """)
    told = " ".join(each.detail for each in read.anomalies)
    assert "AUTH PLAIN ****" in told
    assert "AGEA" not in told
    assert "c2Vj" not in told


def test_lines_that_end_in_cr_nul_and_get_no_answer():
    """The server sees no line end at all: there is no command, only a 421."""
    read = session(r"S: 220 hi" "\n" r"C> \xff\xfd\x03EHLO a\r\0MAIL FROM:<a@x.test>\r\0" "\n" r"S: 421 timeout")
    assert talk(read) == [(None, 421)]
    assert [each.kind for each in read.anomalies] == ["cr-nul-line-end", "reply-without-command"]
    assert talk(session(r"S: 220 hi" "\n" r"C> EHLO a\r\0")) == []


@pytest.mark.parametrize("end", [r"\r\0", r"\r"])
def test_a_server_that_takes_cr_for_a_line_end(end):
    """Its replies show that it saw the lines."""
    read = session(f"S: 220 hi\nC> NOOP{end}\nS: 250 ok\nC> QUIT{end}\nS: 221 bye")
    assert talk(read) == [("NOOP", 250), ("QUIT", 221)]
