"""Everything that is held has a bound, and passing it is reported."""

from __future__ import annotations

from support.segments import ACK, CLIENT, GREETING, SERVER, SYN, Talk, follow, follow_one, noise

from smtptrace.tcp import Limits
from smtptrace.tcp._memory import Memory
from smtptrace.wire import Close, Closing, Irregularity, Octets


def begun(**given: object) -> Talk:
    """A talk with a greeting."""
    return Talk(**given).shake().s(GREETING).c(b"EHLO a\r\n").s(b"250 a\r\n")  # type: ignore[arg-type]


def test_octets_behind_a_hole() -> None:
    """One octet more than the bound gives the hole up."""
    for size, reasons in ((1000, []), (1001, ["limit"])):
        talk = begun().lose(CLIENT, 10).send(CLIENT, b"x" * size)
        talk.send(CLIENT, b"y" * 10, seq=8).s(b"250 ok\r\n").close()
        followed = follow_one(talk, Limits(pending_octets=1000))
        assert [reason for _, _, reason in followed.gaps] == reasons
        assert followed.with_gaps(CLIENT) == b"EHLO a\r\n" + (b"_" if reasons else b"y") * 10 + b"x" * size


def test_segments_behind_a_hole() -> None:
    """Many small ones count too."""
    talk = begun()
    for _ in range(20):
        talk.lose(CLIENT, 1).send(CLIENT, b"x")
    followed = follow_one(talk, Limits(pending_segments=5))
    assert followed.with_gaps(CLIENT) == b"EHLO a\r\n" + b"_x" * 20
    assert {reason for _, _, reason in followed.gaps} == {"limit", "lost"}


def test_octets_of_all_connections() -> None:
    """The connection that passes the bound gives its holes up."""
    talks = [begun(client=f"10.0.1.{at}").lose(CLIENT, 10).send(CLIENT, b"x" * 600) for at in range(3)]
    found = follow([packet for talk in talks for packet in talk.packets], Limits(held_octets=1500 + 3 * 128))
    assert [[reason for _, _, reason in followed.gaps] for followed in found] == [["lost"], ["lost"], ["limit"]]


def test_headers_without_octets() -> None:
    """A capture of headers only is told as it comes on a port of SMTP, and dropped on others."""
    for port, batches in ((25, 100), (80, 0)):
        talk = Talk(ports=(40000, port)).shake()
        for _ in range(200):
            talk.s(b"", cut=1000)
        found = follow(talk.close().packets)
        assert sum(followed.batches for followed in found) > batches if batches else not found
        assert all(followed.with_gaps(SERVER) == b"_" * 200_000 for followed in found)


def test_places_of_one_event() -> None:
    """Octets that come one by one are told in parts."""
    talk = begun()
    for _ in range(2000):
        talk.c(b"x")
    followed = follow_one(talk.close())
    assert 100 < max(len(event.places) for event in followed.events if isinstance(event, Octets)) <= 512
    assert followed.said(CLIENT) == b"EHLO a\r\n" + b"x" * 2000


def test_segments_before_the_beginning_is_known() -> None:
    """They are held no further than others."""
    talk = Talk().send(CLIENT, b"MAIL FROM:<a@b>\r\n").send(CLIENT, b"x" * 2000).send(CLIENT, b"y" * 10)
    followed = follow_one(talk, Limits(pending_octets=1000))
    assert followed.with_gaps(CLIENT) == b"?MAIL FROM:<a@b>\r\n" + b"x" * 2000 + b"y" * 10
    followed = follow_one(talk, Limits(held_octets=1000))
    assert followed.said(CLIENT).endswith(b"y")


def test_idle_connections_are_given_up() -> None:
    """Nothing that was said is lost, and what comes later is a connection of its own."""
    idle = begun()
    other = Talk(client="10.0.0.9", clock=idle.clock + 4000 * 10**9).shake().s(GREETING)
    other.packets += noise(200, other.clock)
    idle.wait(8000).c(b"QUIT\r\n").s(b"221 2.0.0 Bye\r\n")
    first, _, again = follow(idle.packets[:-2] + other.packets + idle.packets[-2:])
    assert first.streams == (b"EHLO a\r\n", GREETING + b"250 a\r\n")
    assert first.of(Irregularity)[0].detail == "no packet for 3600 s"  # type: ignore[union-attr]
    assert {event.how for event in first.of(Close)} == {Closing.END_OF_CAPTURE}  # type: ignore[union-attr]
    assert again.with_gaps(CLIENT) == b"?QUIT\r\n"


def test_a_wild_time_ends_nothing() -> None:
    """One packet from the far future, or from long ago, is no reason to give up what is alive."""
    talk = begun()
    wild = [noise(1, at)[0] for at in (10**19, 0)]
    packets = [*talk.packets, *noise(64 - len(talk.packets), talk.clock)]
    for _ in range(4):
        packets += [packet for one in wild for packet in (one, *noise(63, talk.clock))]
    followed = follow(packets + talk.c(b"QUIT\r\n").packets[-1:])
    assert [one.said(CLIENT) for one in followed] == [b"EHLO a\r\nQUIT\r\n"]


def test_the_longest_silent_connections_make_room() -> None:
    """First those without a word."""
    talks = [begun(client=f"10.0.1.{at}", clock=at * 10**12) for at in range(1, 9)]
    attempts = [Talk(client=f"10.0.2.{at}", clock=at * 10**12).send(CLIENT, flags=SYN, seq=-1) for at in range(1, 9)]
    found = follow([packet for talk in (*talks, *attempts) for packet in talk.packets], Limits(flows=8))
    given_up = [followed for followed in found if "given-up" in followed.kinds]
    assert [str(followed.connection.client.host) for followed in given_up][:2] == ["10.0.1.1", "10.0.1.2"]
    assert all("8 connections" in followed.of(Irregularity)[0].detail for followed in given_up)  # type: ignore[union-attr]


def test_a_flood_of_attempts_spares_the_sessions() -> None:
    """Those with a word stay as long as there are others."""
    talk = begun()
    flood = [
        Talk(client=f"10.1.{at >> 8}.{at & 255}", ports=(40000, 25)).send(CLIENT, flags=SYN, seq=-1).packets[0]
        for at in range(500)
    ]
    followed = follow(talk.packets + flood + talk.c(b"QUIT\r\n").packets[-1:], Limits(flows=50))
    assert len(followed) == 501
    (session,) = (one for one in followed if one.said(CLIENT))
    assert session.said(CLIENT) == b"EHLO a\r\nQUIT\r\n"
    assert session.kinds == []


def test_connections_over_and_over() -> None:
    """A connection that ended takes no room."""
    packets = []
    for at in range(100):
        packets += begun(client=f"10.0.1.{at}").close().packets
    assert [followed.kinds for followed in follow(packets, Limits(flows=2))] == [[]] * 100


def test_memory_forgets_the_oldest() -> None:
    """It keeps at least as many keys as asked for, and at most twice as many."""
    memory = Memory[tuple[int]](3)
    for at in range(10):
        memory.put(bytes([at]), (at,))
    kept = [at for at in range(10) if bytes([at]) in memory]
    assert kept == [6, 7, 8, 9]
    assert [memory.get(bytes([at])) for at in (5, 6, 9)] == [None, (6,), (9,)]
    memory.forget(b"\x06")
    memory.forget(b"\x09")
    assert b"\x06" not in memory
    assert b"\x09" not in memory


def test_each_irregularity_is_told_once_a_side() -> None:
    """So that nobody can make the report endless."""
    talk = begun()
    for _ in range(50):
        talk.send(CLIENT, b"zzzz", ACK, seq=0).send(SERVER, b"zzzz", ACK, seq=len(GREETING))
    assert follow_one(talk).kinds == ["overlap-differs"] * 2
