"""What was sent before which reply."""

from __future__ import annotations

from support.dialogue import STEP_NS, connection

from smtptrace.replay.timing import Part, Piece, Timeline

TALK = """
    S: 220 hi
    C> EHLO a\\r\\nMA
    C> IL FROM:<a@b>\\r\\n
    S: 250 hi
    S: 250 ok
    -- gap C 10 lost
    C: QUIT
"""


def test_order():
    """Ranks of packets of both sides, by what they hold."""
    timeline = Timeline(connection(TALK))
    assert timeline.come(8) < timeline.sent(0) == timeline.sent(9) < timeline.sent(10) < timeline.come(16)
    assert timeline.sent(10) < timeline.come(24) < timeline.sent(35)
    assert Timeline(connection("S: 220 hi")).sent(0) == -1


def test_pieces():
    """As they went out, each with how long nothing was said before it."""
    timeline = Timeline(connection(TALK))
    assert timeline.pieces(0, 8) == (Piece(b"EHLO a\r\n", STEP_NS),)
    assert timeline.pieces(8, 25) == (Piece(b"MA"), Piece(b"IL FROM:<a@b>\r\n", STEP_NS))
    assert timeline.pieces(35, 99) == (Piece(b"QUIT\r\n", 2 * STEP_NS),)
    assert (timeline.pause_ns(0), timeline.pause_ns(8), timeline.pause_ns(999)) == (STEP_NS, 0, 0)
    assert Part(timeline.pieces(8, 25)).octets == b"MAIL FROM:<a@b>\r\n"
