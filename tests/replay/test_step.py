"""What a step holds."""

from __future__ import annotations

from smtptrace.replay.step import Said


def test_a_reply():
    """Its enhanced code, and its lines without code and enhanced code."""
    said = Said(550, (b"550-5.1.1 no such user", b"550 5.1.1 really"))
    assert (said.enhanced, said.texts) == ("5.1.1", (b"no such user", b"really"))
    assert Said(250, (b"250",)).texts == (b"",)
