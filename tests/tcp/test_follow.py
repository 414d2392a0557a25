"""Both directions of a connection in order, whatever the network did to their packets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.segments import (
    ACK,
    CLIENT,
    FIN,
    GREETING,
    RST,
    SECOND,
    SERVER,
    SYN,
    URG,
    Followed,
    Talk,
    follow,
    follow_one,
    noise,
)

from smtptrace import tcp
from smtptrace.segment import Segment, pause
from smtptrace.wire import Close, Closing, Endpoint, Octets, Open, Opening, Origin

EHLO, HELLO = b"EHLO a.test\r\n", b"250 mx.test\r\n"
BYE = b"221 2.0.0 Bye\r\n"


def greeted(**given: object) -> Talk:
    """A talk up to the reply to EHLO."""
    return Talk(**given).shake().s(GREETING).c(EHLO).s(HELLO)  # type: ignore[arg-type]


def told(followed: Followed) -> list[tuple[str, object]]:
    """The events in short."""
    return [
        (type(event).__name__, event.data if isinstance(event, Octets) else getattr(event, "how", None))
        for event in followed.events
    ]


def test_a_plain_session_is_told_turn_by_turn() -> None:
    """Each turn is one event, with what opened and what closed the connection around them."""
    followed = follow_one(greeted().c(b"QUIT\r\n").s(BYE).close())
    assert told(followed) == [
        ("Open", Opening.SYN_SEEN),
        ("Octets", GREETING),
        ("Octets", EHLO),
        ("Octets", HELLO),
        ("Octets", b"QUIT\r\n"),
        ("Octets", BYE),
        ("Close", Closing.FIN),
        ("Close", Closing.FIN),
    ]
    connection = followed.connection
    assert (connection.client, connection.server) == (Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 25))
    assert connection.number == 1
    assert connection.time_ns == 1_700_000_000_010_000_000


def test_addresses_of_ipv6() -> None:
    """IPv6 keys are longer; addresses are written in their short form."""
    followed = follow_one(Talk(client="2001:db8::1", server="::1").shake().s(GREETING).c(EHLO).close())
    assert str(followed.connection.client) == "[2001:db8::1]:40000"
    assert str(followed.connection.server) == "[::1]:25"


def test_packets_of_one_turn_are_one_event_that_knows_their_places() -> None:
    """Joined octets still tell which packet brought which of them."""
    followed = follow_one(Talk().shake().s(GREETING).c(b"EHLO ").c(b"a.te").c(b"st\r\n").s(HELLO).close())
    octets = followed.of(Octets)[1]
    assert isinstance(octets, Octets)
    assert octets.data == EHLO
    assert [octets.place(at)[1] for at in (0, 4, 5, 8, 9, 12)] == [5, 5, 6, 6, 7, 7]


def test_a_long_turn_is_told_in_parts() -> None:
    """No more than about 32 KiB of one side is held back."""
    talk = greeted()
    for _ in range(100):
        talk.c(b"x" * 1460)
    followed = follow_one(talk.close())
    assert followed.said(CLIENT) == EHLO + b"x" * 146_000
    assert max(len(event.data) for event in followed.of(Octets)) < 34 * 1024  # type: ignore[union-attr]


def test_octets_sent_again_count_once() -> None:
    """Whole retransmissions, partial ones, and longer ones that bring something new."""
    talk = greeted().again(1).c(b"MAIL FROM:").c(b"<a@b>\r\n")
    talk.send(CLIENT, b"FROM:<a@b>\r\nRCPT", seq=len(EHLO) + 5)
    talk.next[CLIENT] += 4
    followed = follow_one(talk.c(b" TO:<c@d>\r\n").close())
    assert followed.streams == (EHLO + b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", GREETING + HELLO)
    assert followed.kinds == []


def test_every_packet_twice() -> None:
    """A mirror port that shows each packet on two ports changes nothing."""
    talk = greeted().c(b"QUIT\r\n").s(BYE).close()
    twice = follow([packet for packet in talk.packets for _ in range(2)])
    assert [told(followed) for followed in twice] == [told(follow_one(talk))]


def test_of_octets_that_differ_the_first_stay() -> None:
    """An overlap that says something else is reported, not believed."""
    talk = greeted().c(b"MAIL FROM:<a@b>\r\n")
    talk.send(CLIENT, b"MAIL FROM:<x@y>\r\n", seq=len(EHLO))
    followed = follow_one(talk.close())
    assert followed.said(CLIENT) == EHLO + b"MAIL FROM:<a@b>\r\n"
    assert followed.kinds == ["overlap-differs"]


def test_a_difference_is_seen_after_the_turn_too() -> None:
    """The last octets told are still compared."""
    talk = greeted().c(b"NOOP\r\n").s(b"250 ok\r\n").send(CLIENT, b"RSET\r\n", seq=len(EHLO))
    assert follow_one(talk.close()).kinds == ["overlap-differs"]


def test_of_early_octets_that_differ_the_first_stay() -> None:
    """The same behind a hole: what came first stays, what it leaves open is filled."""
    talk = greeted()
    start = len(EHLO)
    talk.send(CLIENT, b"CCDD", seq=start + 4).send(CLIENT, b"EEFF", seq=start + 10)
    talk.send(CLIENT, b"bbXXXXeeYYYYgg", seq=start + 2).send(CLIENT, b"AA", seq=start)
    talk.next[CLIENT] += 16
    followed = follow_one(talk.close())
    assert followed.said(CLIENT) == EHLO + b"AAbbCCDDeeEEFFgg"
    assert followed.kinds == ["overlap-differs"]


def test_early_octets_sent_again() -> None:
    """Behind a hole too they count once, in whatever pieces."""
    talk = greeted()
    start = len(EHLO)
    for at, data in ((4, b"CCDD"), (4, b"CCDD"), (5, b"CD"), (6, b"DDEE"), (2, b"BBCC"), (0, b"AABBCCDDEE")):
        talk.send(CLIENT, data, seq=start + at)
    talk.next[CLIENT] += 10
    followed = follow_one(talk.close())
    assert followed.said(CLIENT) == EHLO + b"AABBCCDDEE"
    assert followed.kinds == []


def test_a_long_stretch_behind_a_hole() -> None:
    """It is told in parts as well."""
    talk = greeted().lose(CLIENT, 6)
    for _ in range(3):
        talk.c(b"x" * 30_000)
    followed = follow_one(talk.send(CLIENT, b"NOOP\r\n", seq=len(EHLO)).close())
    assert followed.said(CLIENT) == EHLO + b"NOOP\r\n" + b"x" * 90_000
    assert len(followed.of(Octets)) == 5


def test_packets_out_of_order() -> None:
    """Early ones wait for the late one."""
    talk = greeted().c(b"MAIL FROM:<a@b>\r\n").c(b"RCPT TO:<c@d>\r\n").c(b"DATA\r\n")
    packets = talk.packets
    packets[-3:] = [packets[-1], packets[-2], packets[-3]]
    followed = follow_one(talk.s(b"250 ok\r\n").close())
    assert followed.said(CLIENT) == EHLO + b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
    assert followed.gaps == []


@pytest.mark.parametrize("before", [0, 1, 5, len(EHLO), 30])
def test_sequence_numbers_wrap(before: int) -> None:
    """They count modulo 2^32."""
    top = 0xFFFFFFFF
    talk = greeted(isn=(top - before, top - before)).c(b"MAIL FROM:<a@b>\r\n").c(b"RCPT TO:<c@d>\r\n")
    packets = talk.packets
    packets[-2:] = [packets[-1], packets[-2], packets[-2]]
    followed = follow_one(talk.s(b"250 ok\r\n").close())
    assert followed.streams == (EHLO + b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", GREETING + HELLO + b"250 ok\r\n")
    assert followed.gaps == []


def test_keep_alive_octets_are_none() -> None:
    """A keep-alive repeats the last octet, or sends rubbish in its place (RFC 1122, 4.2.3.6)."""
    talk = greeted()
    talk.send(CLIENT, b"\0", seq=len(EHLO) - 1).send(CLIENT, b"", seq=len(EHLO) - 1)
    followed = follow_one(talk.close())
    assert followed.said(CLIENT) == EHLO
    assert followed.kinds == []


def test_a_zero_window_probe_is_the_next_octet() -> None:
    """It may come alone and again with what follows it."""
    talk = greeted().send(CLIENT, b"Q", seq=len(EHLO)).c(b"QUIT\r\n")
    assert follow_one(talk.close()).said(CLIENT) == EHLO + b"QUIT\r\n"


def test_a_lost_packet_is_a_gap() -> None:
    """What the server acknowledged and nobody captured is missing, with its size."""
    talk = greeted().c(b"MAIL ").lose(CLIENT, 7).c(b"a@b>\r\n").s(b"250 ok\r\n").close()
    followed = follow_one(talk)
    assert followed.gaps == [(CLIENT, 7, "lost")]
    assert followed.with_gaps(CLIENT) == EHLO + b"MAIL _______a@b>\r\n"


def test_a_gap_is_told_while_the_connection_lasts() -> None:
    """128 packets after the other side acknowledged it, whosesoever they are."""
    talk = greeted().c(b"MAIL ").lose(CLIENT, 7).c(b"a@b>\r\n").s(b"250 ok\r\n")
    talk.packets += noise(300)
    talk.c(b"DATA\r\n").s(b"354 go\r\n").close()
    events = told(follow_one(talk))
    assert events.index(("Gap", None)) < events.index(("Octets", b"354 go\r\n"))


def test_a_hole_that_nobody_acknowledged_stays_open() -> None:
    """The sender will send it again, however late."""
    talk = greeted().lose(CLIENT, 10).c(b"<a@b>\r\n").send(SERVER, ack=len(EHLO))
    talk.packets += noise(300)
    followed = follow_one(talk.send(CLIENT, b"MAIL FROM:", seq=len(EHLO)).s(b"250 ok\r\n").close())
    assert followed.said(CLIENT) == EHLO + b"MAIL FROM:<a@b>\r\n"
    assert followed.gaps == []


def test_octets_that_the_capture_cut_off() -> None:
    """A snap length leaves gaps of known size at once."""
    followed = follow_one(greeted().c(b"MAIL", cut=13).c(b"RCPT", cut=11).s(b"250 ok\r\n").close())
    assert followed.with_gaps(CLIENT) == EHLO + b"MAIL" + b"_" * 13 + b"RCPT" + b"_" * 11
    assert [reason for _, _, reason in followed.gaps] == ["snaplen", "snaplen"]


def test_cut_off_octets_out_of_order() -> None:
    """The size of the gap is known there too, and so is the reason."""
    talk = greeted().c(b"MAIL", cut=13).c(b"RCPT", cut=11)
    talk.packets[-2:] = [talk.packets[-1], talk.packets[-2], talk.packets[-2]]
    followed = follow_one(talk.close())
    assert followed.with_gaps(CLIENT) == EHLO + b"MAIL" + b"_" * 13 + b"RCPT" + b"_" * 11


def test_a_capture_that_holds_no_octets_at_all() -> None:
    """Headers only: on a port of SMTP it is told as an attempt, with its gaps."""
    talk = Talk().shake().s(b"", cut=19).c(b"", cut=13).close()
    followed = follow_one(talk)
    assert followed.streams == (b"", b"")
    assert followed.gaps == [(SERVER, 19, "snaplen"), (CLIENT, 13, "snaplen")]


def test_the_last_reply_is_lost() -> None:
    """The FIN tells that something stood before it."""
    followed = follow_one(greeted().c(b"QUIT\r\n").lose(SERVER, 15).close())
    assert followed.gaps == [(SERVER, 15, "lost")]
    assert [event.side for event in followed.of(Close)] == [CLIENT, SERVER]  # type: ignore[union-attr]


def test_a_lost_fin_is_no_lost_octet() -> None:
    """Its acknowledgement counts one more than there are octets."""
    talk = greeted().c(b"QUIT\r\n").s(BYE).send(CLIENT, flags=FIN | ACK).lose(SERVER, 1).send(CLIENT)
    followed = follow_one(talk)
    assert followed.gaps == []
    assert [(event.side, event.how) for event in followed.of(Close)] == [  # type: ignore[union-attr]
        (CLIENT, Closing.FIN),
        (SERVER, Closing.END_OF_CAPTURE),
    ]


def test_one_direction_only() -> None:
    """What the other side must have said is a gap of known size."""
    talk = greeted().c(b"QUIT\r\n").s(BYE).close()
    talk.packets = [packet for packet in talk.packets if packet[0] == talk.key(CLIENT)]
    followed = follow_one(talk)
    assert followed.streams == (EHLO + b"QUIT\r\n", b"")
    assert followed.gaps == [(SERVER, len(GREETING + HELLO + BYE), "lost")]


def test_the_direction_of_the_server_only() -> None:
    """The SYN of the server tells who is who."""
    talk = greeted().c(b"QUIT\r\n").s(BYE).close()
    talk.packets = [packet for packet in talk.packets if packet[0] == talk.key(SERVER)]
    followed = follow_one(talk)
    assert followed.streams == (b"", GREETING + HELLO + BYE)
    assert followed.gaps == [(CLIENT, len(EHLO) + 6, "lost")]
    assert followed.connection.client.port == 40000


@pytest.mark.parametrize(("seconds", "filled"), [(50, True), (61, False)])
def test_a_hole_in_the_only_direction(seconds: int, filled: bool) -> None:
    """Nobody acknowledges it; a retransmission may come for a minute."""
    talk = greeted().lose(CLIENT, 6).c(b"DATA\r\n").wait(seconds)
    talk.packets = [packet for packet in talk.packets if packet[0] == talk.key(CLIENT)] + noise(300, talk.clock)
    talk.send(CLIENT, b"RSET\r\n", seq=len(EHLO))
    assert follow_one(talk).with_gaps(CLIENT) == EHLO + (b"RSET\r\n" if filled else b"______") + b"DATA\r\n"


class TestClosing:
    """How connections end."""

    def test_reset(self) -> None:
        """A RST ends both sides."""
        followed = follow_one(greeted().reset(CLIENT))
        assert followed.of(Close)[0].how is Closing.RST  # type: ignore[union-attr]
        assert len(followed.of(Close)) == 1

    def test_octets_that_a_reset_overtook(self) -> None:
        """They are taken as long as the connection is remembered."""
        talk = greeted().c(b"QUIT\r\n").reset(CLIENT)
        talk.packets[-2:] = talk.packets[:-3:-1]
        assert follow_one(talk).said(CLIENT) == EHLO + b"QUIT\r\n"

    def test_a_reset_ends_the_connection_while_the_capture_goes_on(self) -> None:
        """After 128 packets it is told."""
        talk = greeted().reset(SERVER)
        talk.packets += noise(300)
        talk.send(CLIENT, b"late", seq=2)
        assert follow_one(talk).of(Close)[0].how is Closing.RST  # type: ignore[union-attr]

    def test_a_forged_reset_is_not_believed(self) -> None:
        """The connection goes on, and so does what is told of it."""
        followed = follow_one(greeted().reset(CLIENT).c(b"QUIT\r\n").s(BYE).close())
        assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
        assert followed.kinds == ["reset-ignored"]
        assert {event.how for event in followed.of(Close)} == {Closing.FIN}  # type: ignore[union-attr]

    def test_fin_and_reset(self) -> None:
        """One side closes in order, the other breaks off."""
        followed = follow_one(greeted().send(CLIENT, flags=FIN | ACK).reset(SERVER))
        assert [event.how for event in followed.of(Close)] == [Closing.FIN, Closing.RST]  # type: ignore[union-attr]

    def test_a_fin_that_overtook_octets(self) -> None:
        """The end is where the FIN says, not when."""
        talk = greeted().c(b"QUIT\r\n").send(CLIENT, flags=FIN | ACK)
        talk.packets[-2:] = talk.packets[:-3:-1]
        followed = follow_one(talk.s(BYE).send(SERVER, flags=FIN | ACK))
        assert followed.streams == (EHLO + b"QUIT\r\n", GREETING + HELLO + BYE)
        assert followed.gaps == []

    def test_octets_after_a_fin_are_left_out(self) -> None:
        """And that is said."""
        talk = greeted().c(b"QUIT\r\n").send(CLIENT, flags=FIN | ACK).c(b"MAIL FROM:<a@b>\r\n").s(BYE)
        followed = follow_one(talk)
        assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
        assert followed.kinds == ["octets-after-fin"]

    def test_octets_after_a_fin_that_came_early(self) -> None:
        """The same where they wait behind a hole when the FIN is seen."""
        talk = greeted()
        start = len(EHLO)
        talk.send(CLIENT, b"late", seq=start + 8).send(CLIENT, b"UIT\r\n", FIN | ACK, seq=start + 1)
        followed = follow_one(talk.send(CLIENT, b"Q", seq=start))
        assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
        assert followed.kinds == ["octets-after-fin"]

    def test_a_fin_before_octets_that_are_held(self) -> None:
        """What stands behind it is left out, also where it is in the middle of a segment."""
        talk = greeted()
        start = len(EHLO)
        talk.send(CLIENT, b"UIT\r\nxx", seq=start + 1).send(CLIENT, flags=FIN | ACK, seq=start + 6)
        followed = follow_one(talk.send(CLIENT, b"Q", seq=start))
        assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
        assert followed.kinds == ["octets-after-fin"]

    def test_a_segment_that_reaches_over_the_fin(self) -> None:
        """What stands before the FIN is taken."""
        talk = greeted()
        start = len(EHLO)
        talk.send(CLIENT, flags=FIN | ACK, seq=start + 6).send(CLIENT, b"QUIT\r\nxx", seq=start)
        followed = follow_one(talk)
        assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
        assert followed.kinds == ["octets-after-fin"]

    def test_a_keep_alive_after_a_fin(self) -> None:
        """Its one octet means nothing."""
        talk = greeted().send(CLIENT, flags=FIN | ACK).send(CLIENT, b"\0", seq=len(EHLO))
        assert follow_one(talk).kinds == []

    def test_the_capture_ends_first(self) -> None:
        """Sides whose end was not seen are closed by the end of the capture."""
        followed = follow_one(greeted())
        assert [event.how for event in followed.of(Close)] == [Closing.END_OF_CAPTURE] * 2  # type: ignore[union-attr]

    def test_late_packets_of_a_closed_connection(self) -> None:
        """They are no connection of their own."""
        talk = greeted().close()
        followed = follow(talk.packets + talk.packets)
        assert len(followed) == 1


class TestReuse:
    """The same two ends connect again."""

    def test_after_a_close(self) -> None:
        """Two connections, each with its own octets."""
        one, two = greeted().close(), greeted(isn=(900_000, 700_000)).c(b"RSET\r\n").close()
        first, second = follow(one.packets + two.packets)
        assert first.said(CLIENT) == EHLO
        assert second.said(CLIENT) == EHLO + b"RSET\r\n"

    def test_without_a_close(self) -> None:
        """A SYN far away ends the old connection, whose end was not seen."""
        one, two = greeted(), greeted(isn=(90_000_000, 70_000_000)).close()
        first, second = follow(one.packets + two.packets)
        assert first.streams == second.streams == (EHLO, GREETING + HELLO)
        assert {event.how for event in first.of(Close)} == {Closing.END_OF_CAPTURE}  # type: ignore[union-attr]

    def test_after_a_reset(self) -> None:
        """At once, before the old one is forgotten."""
        one, two = greeted().reset(CLIENT), greeted(isn=(5_000, 9_000)).close()
        found = follow(one.packets + two.packets + noise(300))
        assert [followed.said(CLIENT) for followed in found] == [EHLO, EHLO]

    def test_a_syn_that_opens_nothing(self) -> None:
        """Inside the window of a living connection it is rubbish."""
        followed = follow_one(greeted().send(CLIENT, flags=SYN, seq=50).c(b"QUIT\r\n").s(BYE).close())
        assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
        assert followed.kinds == ["syn-inside"]

    def test_octets_of_a_new_connection_whose_syn_was_lost(self) -> None:
        """They lie beyond the end of the old one."""
        one, two = greeted().close(), greeted(isn=(90_000_000, 70_000_000)).close()
        first, second = follow(one.packets + two.packets[3:])
        assert first.streams == second.streams


class TestBeginning:
    """Where a stream begins, and who is who."""

    def test_octets_with_the_syn(self) -> None:
        """TCP fast open (RFC 7413): they come with the SYN, and may come again after it."""
        talk = Talk().send(CLIENT, EHLO, SYN, seq=-1).send(SERVER, flags=SYN | ACK, seq=-1, ack=0)
        talk.s(GREETING).c(EHLO).s(HELLO).close()
        assert follow_one(talk).streams == (EHLO, GREETING + HELLO)

    def test_the_syn_comes_late(self) -> None:
        """Octets wait for it."""
        talk = greeted().close()
        packets = talk.packets
        talk.packets = [packets[3], packets[4], packets[1], packets[0], *packets[5:]]
        followed = follow_one(talk)
        assert followed.streams == (EHLO, GREETING + HELLO)
        assert followed.gaps == []
        assert isinstance(followed.events[0], Open)

    def test_the_answer_to_the_syn_was_lost(self) -> None:
        """The client's first acknowledgement tells where the server begins."""
        talk = greeted().close()
        del talk.packets[1]
        followed = follow_one(talk)
        assert followed.streams == (EHLO, GREETING + HELLO)
        assert followed.gaps == []

    def test_the_greeting_was_lost_with_the_answer_to_the_syn(self) -> None:
        """The client's first acknowledgement shows that something is missing."""
        talk = greeted().close()
        del talk.packets[3], talk.packets[1]
        assert follow_one(talk).with_gaps(SERVER) == b"_" * len(GREETING) + HELLO

    def test_begun_in_the_middle(self) -> None:
        """Nobody can tell how much was said before."""
        talk = greeted().c(b"MAIL FROM:<a@b>\r\n").s(b"250 ok\r\n").close()
        talk.packets = talk.packets[6:]
        followed = follow_one(talk)
        assert followed.with_gaps(CLIENT) == b"?MAIL FROM:<a@b>\r\n"
        assert followed.with_gaps(SERVER) == b"?250 ok\r\n"
        assert not followed.of(Open)

    def test_begun_at_the_greeting(self) -> None:
        """Nothing is missing if only the handshake is."""
        talk = greeted().close()
        talk.packets = talk.packets[3:]
        followed = follow_one(talk)
        assert followed.streams == (EHLO, GREETING + HELLO)
        assert followed.gaps == []

    @pytest.mark.parametrize("reply", [b"220 TLS go ahead\r\n", b"220 2.0.0 Ready to start TLS\r\n"])
    def test_begun_at_the_reply_to_starttls(self, reply: bytes) -> None:
        """It looks like a greeting, but something was said before."""
        followed = follow_one(Talk().s(reply).c(b"\x16\x03\x01\0\5\1\0\0\1x"))
        assert followed.with_gaps(SERVER) == b"?" + reply

    def test_begun_at_the_greeting_with_a_command_lost(self) -> None:
        """The greeting's acknowledgement tells where the client begins."""
        talk = greeted().c(b"QUIT\r\n").s(BYE).close()
        talk.packets = [packet for packet in talk.packets[3:] if packet[6] != EHLO]
        assert follow_one(talk).with_gaps(CLIENT) == b"_" * len(EHLO) + b"QUIT\r\n"

    def test_begun_in_the_middle_out_of_order(self) -> None:
        """The lowest octets of the first packets are the first."""
        talk = greeted().c(b"MAIL FROM:").c(b"<a@b>\r\n").s(b"250 ok\r\n").close()
        talk.packets = [talk.packets[7], talk.packets[6], *talk.packets[8:]]
        assert follow_one(talk).with_gaps(CLIENT) == b"?MAIL FROM:<a@b>\r\n"

    def test_begun_in_the_middle_and_long(self) -> None:
        """It is told after 128 packets; the side that speaks first later begins there."""
        talk = greeted().c(b"DATA\r\n").s(b"354 go\r\n")
        start = len(talk.packets)
        for _ in range(300):
            talk.c(b"line of a message\r\n")
        talk.s(b"250 2.0.0 queued\r\n").close()
        talk.packets = talk.packets[start:]
        followed = follow_one(talk)
        assert followed.batches > 2
        assert followed.with_gaps(CLIENT) == b"?" + b"line of a message\r\n" * 300
        assert followed.with_gaps(SERVER) == b"?250 2.0.0 queued\r\n"

    def test_begun_in_the_middle_the_other_side_later_out_of_order(self) -> None:
        """Each side has its own time to show its lowest octets."""
        talk = Talk().send(CLIENT, b"RCPT TO:<a@b>\r\n", flags=0)
        talk.packets += noise(120)
        talk.s(b"250 a\r\n").s(b"250 b\r\n")
        talk.packets[-2:] = [talk.packets[-1], *noise(40), talk.packets[-2]]
        assert follow_one(talk).with_gaps(SERVER) == b"?250 a\r\n250 b\r\n"

    def test_begun_in_the_middle_without_acknowledgements(self) -> None:
        """The other side begins where it is seen first."""
        talk = Talk().send(CLIENT, b"RCPT TO:<a@b>\r\n", flags=0)
        talk.packets += noise(300)
        talk.s(b"250 ok\r\n")
        followed = follow_one(talk)
        assert followed.with_gaps(CLIENT) == b"?RCPT TO:<a@b>\r\n"
        assert followed.with_gaps(SERVER) == b"?250 ok\r\n"

    def test_a_second_answer_to_the_syn(self) -> None:
        """The one that the client acknowledges counts."""
        talk = Talk().send(CLIENT, flags=SYN, seq=-1)
        talk.send(SERVER, flags=SYN | ACK, seq=7000, ack=0).send(SERVER, flags=SYN | ACK, seq=-1, ack=0).send(CLIENT)
        talk.send(SERVER, flags=SYN | ACK, seq=7000, ack=0)
        followed = follow_one(talk.s(GREETING).c(EHLO).s(HELLO).close())
        assert followed.streams == (EHLO, GREETING + HELLO)
        assert followed.kinds == ["syn-inside"]

    def test_only_the_answer_to_the_syn(self) -> None:
        """It tells both beginnings, and who is the client."""
        talk = greeted(ports=(25, 40000)).close()
        followed = follow_one(Talk(packets=talk.packets[1:]))
        assert followed.connection.client.port == 25
        assert followed.gaps == []

    def test_an_old_syn_ends_what_was_held(self) -> None:
        """A new connection begins although the old one's beginning was never known."""
        old = Talk(isn=(90_000_000, 80_000_000)).c(b"QUIT\r\n")
        first, second = follow(old.packets + greeted().close().packets)
        assert first.with_gaps(CLIENT) == b"?QUIT\r\n"
        assert second.said(CLIENT) == EHLO


class TestAttempts:
    """Connections to a port of SMTP without a word."""

    def test_refused(self) -> None:
        """The server answers the SYN with a RST."""
        followed = follow_one(Talk().send(CLIENT, flags=SYN, seq=-1).send(SERVER, flags=RST | ACK, seq=-1, ack=0))
        assert told(followed) == [("Open", Opening.REFUSED), ("Close", Closing.RST)]
        assert followed.batches == 1

    def test_no_answer(self) -> None:
        """The SYN is sent again and again."""
        talk = Talk()
        for _ in range(3):
            talk.send(CLIENT, flags=SYN, seq=-1).wait(3)
        assert told(follow_one(talk))[0] == ("Open", Opening.NO_ANSWER)

    def test_silent_server(self) -> None:
        """The connection stands, and nobody says anything."""
        followed = follow_one(Talk().shake().wait(30).close())
        assert told(followed) == [("Open", Opening.SYN_SEEN), ("Close", Closing.FIN), ("Close", Closing.FIN)]

    def test_an_answer_that_was_not_captured(self) -> None:
        """The client's ACK shows it."""
        talk = Talk().shake()
        del talk.packets[1]
        assert told(follow_one(talk))[0] == ("Open", Opening.SYN_SEEN)

    def test_other_ports_are_of_no_account(self) -> None:
        """Only ports of SMTP are watched."""
        assert follow(Talk(ports=(40000, 80)).shake().close().packets) == []

    def test_tried_again(self) -> None:
        """Windows tries a refused connection again with the same numbers: one attempt."""
        talk = Talk()
        for _ in range(3):
            talk.send(CLIENT, flags=SYN, seq=-1).send(SERVER, flags=RST | ACK, seq=-1, ack=0)
            talk.packets += noise(200)
        assert len(follow(talk.packets)) == 1


def test_urgent_octets_are_read_in_line() -> None:
    """What a receiver does with them cannot be known; that they were there is said."""
    followed = follow_one(greeted().send(CLIENT, b"QUIT\r\n", ACK | URG).s(BYE).close())
    assert followed.said(CLIENT) == EHLO + b"QUIT\r\n"
    assert followed.kinds == ["urgent-data"]


def test_segments_far_away_are_left_out() -> None:
    """No window is that large."""
    followed = follow_one(greeted().send(CLIENT, b"x", seq=1 << 31).send(CLIENT, b"x", seq=-(1 << 30) - 99).close())
    assert followed.said(CLIENT) == EHLO
    assert followed.kinds == ["out-of-window"]


def test_acknowledgements_that_are_made_up() -> None:
    """Handmade captures have some; they tell of no gaps."""
    talk = greeted()
    talk.packets = [(*packet[:4], 0x70000000 if packet[4] else 0, *packet[5:]) for packet in talk.packets]
    followed = follow_one(talk)
    assert followed.gaps == []


def test_two_sessions_at_a_time() -> None:
    """Each keeps to itself."""
    one, two = greeted().close().packets, greeted(client="10.0.0.9").c(b"RSET\r\n").close().packets
    mixed = [packet for pair in zip(one, two, strict=False) for packet in pair] + two[len(one) :]
    assert sorted(followed.said(CLIENT) for followed in follow(mixed)) == [EHLO, EHLO + b"RSET\r\n"]


def test_a_connection_of_which_only_headers_were_captured_is_told_with_its_gaps() -> None:
    """On a port of SMTP, from its SYN on or in the middle: nobody knows what was said, but that something was."""
    for talk in (Talk().shake(), Talk()):
        followed = follow_one(talk.s(b"", cut=84).c(b"", cut=24))
        assert followed.gaps[-2:] == [(SERVER, 84, "snaplen"), (CLIENT, 24, "snaplen")]
        assert followed.connection.server.port == 25
    assert not follow(Talk(ports=(40000, 80)).shake().s(b"", cut=84).packets)


def test_a_pause_hands_on_the_last_turn() -> None:
    """In a live capture the server's last word is told as soon as nothing comes, not when the client answers it."""
    talk = greeted()
    batches: list[bytes] = []

    def live() -> Iterator[Segment]:
        yield from talk.packets
        assert b"".join(batches) == GREETING + EHLO
        yield pause(len(talk.packets), talk.clock)
        assert b"".join(batches) == GREETING + EHLO + HELLO
        yield pause(len(talk.packets), talk.clock)

    for _, events, _ in tcp.follow(live(), Origin("lo", "live"), tcp.Limits(turns=0)):
        batches += [event.data for event in events if isinstance(event, Octets)]
    assert b"".join(batches) == GREETING + EHLO + HELLO


def test_pauses_change_nothing_of_the_streams() -> None:
    """A connection with a pause after every packet says the same as without."""
    talk = greeted().c(b"QUIT\r\n").s(BYE).close()
    paused = [each for packet in talk.packets for each in (packet, pause(packet[1], packet[2]))]
    plain = [event for _, events, _ in tcp.follow(talk.packets, Origin("a", "pcap")) for event in events]
    assert [event for _, events, _ in tcp.follow(paused, Origin("a", "pcap")) for event in events] == plain


def test_a_reset_counts_a_second_later() -> None:
    """Where no other traffic is, time itself ends a connection that was reset."""
    talk = greeted().reset(CLIENT)
    ended: list[bool] = []

    def live() -> Iterator[Segment]:
        yield from talk.packets
        yield pause(len(talk.packets), talk.clock + SECOND)
        assert not any(ended)
        yield pause(len(talk.packets), talk.clock + SECOND + 1)
        assert ended[-1]

    for _, _, last in tcp.follow(live(), Origin("lo", "live"), tcp.Limits(turns=0)):
        ended.append(last)
    assert ended.count(True) == 1
