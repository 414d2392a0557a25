"""What is odd below SMTP is told by the session."""

from __future__ import annotations

from support.segments import CLIENT, GREETING, Talk, follow_one

from smtptrace.smtp import Dialogue


def test_an_overlap_that_differs_is_an_anomaly() -> None:
    """With the place where it was seen."""
    talk = Talk().shake().s(GREETING).c(b"EHLO a\r\n").s(b"250 a\r\n").c(b"NOOP\r\n")
    talk.send(CLIENT, b"RSET\r\n", seq=8).s(b"250 ok\r\n").close()
    followed = follow_one(talk)
    dialogue = Dialogue(followed.connection)
    for event in followed.events:
        dialogue.feed(event)
    (anomaly,) = dialogue.finish().anomalies
    assert anomaly.kind == "overlap-differs"
    assert anomaly.span is not None
    assert (anomaly.span.side, anomaly.span.frame) == (CLIENT, 8)
