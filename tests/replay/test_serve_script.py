"""A recorded session as the script of a server."""

from __future__ import annotations

import pytest
from replay.scripts import SENDING
from replay.serving import sessions

from smtptrace.replay.serve_script import Script, kind_of, octets_of
from smtptrace.smtp import Reply
from smtptrace.wire import Side, Span

HERE = Span(Side.SERVER, 0, 0)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"helo x", "EHLO"),
        (b"LHLO x", "EHLO"),
        (b"auth plain AGEAYg==", "AUTH PLAIN"),
        (b"AUTH=LOGIN", "AUTH LOGIN"),
        (b"X-EXPS  NTLM", "AUTH NTLM"),
        (b"AUTH", "AUTH"),
        (b"BDAT 5", "CHUNK"),
        (b"bdat 5 last", "DATA"),
        (b"BDAT x", "BDAT"),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_what_a_command_is_for(line, kind):
    """One word for all that do the same."""
    assert kind_of(line) == kind


@pytest.mark.parametrize(
    ("lines", "cut", "octets"),
    [
        ((b"250-a", b"250 b"), False, b"250-a\r\n250 b\r\n"),
        ((b"250-a", b"250-S"), True, b"250 a\r\n"),
        ((b"250-a",), True, b"250 a\r\n"),
        ((b"220 half",), True, b"220 half\r\n"),
        ((b"250-a", b"250-b"), False, b"250-a\r\n250 b\r\n"),
        ((b"250",), False, b"250\r\n"),
    ],
)
def test_a_reply_has_an_end(lines, cut, octets):
    """Also where the recording has none, for a client waits for it."""
    assert octets_of(Reply(int(lines[0][:3]), lines, HERE, cut=cut), None) == octets


def test_what_was_heard():
    """Leaves the rest."""
    script = Script(sessions(SENDING)[0].session, strict=False)
    assert script.find(b"mail from:<x@y>", tls=False).reply.code == 250
    assert list(script.never_heard()) == ["EHLO", "RCPT", "DATA"]
    assert script.find(b"VRFY x", tls=False) is None
