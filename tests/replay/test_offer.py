"""What a target offers, and commands fitted to it."""

from __future__ import annotations

from smtptrace.replay.offer import fitted, offer, offered_lines
from smtptrace.replay.script import Said

EHLO = Said(250, (b"250-hi", b"250-size 100", b"250-AUTH=LOGIN", b"250 auth PLAIN"))


def test_an_offer():
    """Upper case; the line of old clients is not AUTH."""
    assert offered_lines(EHLO) == ["size 100", "AUTH=LOGIN", "auth PLAIN"]
    assert offer(EHLO) == {"SIZE": "100", "AUTH=LOGIN": "", "AUTH": "PLAIN"}


def test_parameters():
    """Those that are offered, with the true size; unknown ones and a line without a path."""
    line = b"MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME  X-OWN"
    assert fitted(line, offer(EHLO), 77) == (b"MAIL FROM:<a@b> SIZE=77", ("BODY left out", "X-OWN left out"))
    assert fitted(b"MAIL FROM:a@b SIZE=1", {}, 77) == (b"MAIL FROM:a@b SIZE=1", ())
