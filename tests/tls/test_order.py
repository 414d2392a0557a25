"""Octets of both sides put back into the order in which they were spoken."""

from __future__ import annotations

from support.segments import Talk

from smtptrace import tcp
from smtptrace.tls._order import in_order
from smtptrace.wire import Event, Octets, Origin


def followed(talk: Talk, *, ordered: bool) -> list[Event]:
    batches = tcp.follow(talk.packets, Origin("a.pcap", "pcap"), tcp.Limits(ordered=ordered))
    return [event for _, events, _ in batches for event in events]


def spoken() -> Talk:
    """A dialogue in short turns, one of several packets."""
    talk = Talk().shake().s(b"220 mx ESMTP\r\n").c(b"EHLO a\r\n").s(b"250-mx\r\n").s(b"250 SIZE\r\n")
    return talk.c(b"MAIL FROM:<a@x>\r\n").s(b"250 ok\r\n").c(b"QUIT\r\n").s(b"221 bye\r\n").close()


def test_turns_come_back() -> None:
    """Joined by side there are two events of octets; in order they are the turns again."""
    talk = spoken()
    loose, strict = followed(talk, ordered=False), followed(talk, ordered=True)
    assert sum(isinstance(event, Octets) for event in loose) == 2
    assert in_order(loose) == strict
    assert in_order(strict) == strict


def test_octets_that_came_late_count_from_the_packet_that_filled_the_hole() -> None:
    """What was held up behind a lost packet could be read only when that was sent again."""
    talk = spoken()
    first, second = (at for at, packet in enumerate(talk.packets) if packet[6] in (b"250-mx\r\n", b"250 SIZE\r\n"))
    packets = talk.packets
    packets[first], packets[second] = packets[second], packets[first]
    numbered = [(key, at, *rest) for at, (key, _, *rest) in enumerate(packets, 1)]
    batches = {
        ordered: [
            event
            for _, events, _ in tcp.follow(numbered, Origin("a.pcap", "pcap"), tcp.Limits(ordered=ordered))
            for event in events
        ]
        for ordered in (True, False)
    }
    assert in_order(batches[False]) == batches[True]


def test_after_a_gap_nothing_is_joined_over_the_other_side() -> None:
    """From the first gap on the order helps to find the way back."""
    talk = Talk().shake().s(b"220 mx ESMTP\r\n").c(b"EHLO a\r\n").s(b"250 ok\r\n")
    talk.c(b"NOOP", cut=10)
    talk.c(b"MAIL FROM:<a@x>\r\n").s(b"250 ok\r\n").c(b"RCPT TO:<b@y>\r\n").s(b"250 ok\r\n").close()
    runs = [event.side for event in followed(talk, ordered=False) if isinstance(event, Octets)]
    assert len(runs) >= 4
