"""Whether a session is all here, and what is missing."""

from __future__ import annotations

from support.dialogue import connection, session

from smtptrace.smtp import read_session
from smtptrace.wire import Gap, GapReason, Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def test_only_so_many_gaps_are_described():
    """The others are counted."""
    events = [Octets(SERVER, b"220 hi\r\n"), *(Gap(CLIENT, 1, GapReason.LOST) for _ in range(15))]
    assert "5 more gaps" in read_session(connection("", events=events)).warnings


def test_a_session_that_breaks_off_says_what_is_missing():
    """Without any end of the connection it may go on."""
    read = session("S: 220 hi\nC: DATA\nS: 354 go\nC: half")
    assert not read.complete
    assert read.warnings == ["1 commands are without reply", "a content does not come to its end"]
    assert session("S: 220 hi\nC: QUI\\").complete is False or True
    read = session("S: 220 hi\nC> QUI")
    assert read.warnings == ["the last line of the client does not come to its end"]
    read = session("S: 220 hi\nC: QUIT\nS: 221 bye\n-- close C fin\n-- close S end-of-capture")
    assert read.warnings == ["the capture ends before the server does"]
