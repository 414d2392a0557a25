"""Laws of the TCP stage: the streams are those that were sent, whatever happened to their packets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.segments import ACK, CLIENT, FIN, GREETING, SYN, Followed, Side, Talk, follow

from smtptrace.segment import Segment
from smtptrace.tcp import Limits

Turn = tuple[Side, bytes]

_turns = st.lists(st.tuples(st.sampled_from(Side), st.binary(min_size=1, max_size=200)), max_size=12)
_numbers = st.one_of(st.integers(0, 0xFFFFFFFF), st.integers(0xFFFFFF00, 0xFFFFFFFF))


def spoken(turns: list[Turn]) -> list[Turn]:
    """A dialogue that is SMTP by its first words."""
    return [(Side.SERVER, GREETING), (Side.CLIENT, b"EHLO a\r\n"), *turns]


def streams(turns: list[Turn]) -> tuple[bytes, bytes]:
    """What each side says in all."""
    return (
        b"".join(data for side, data in turns if side is Side.CLIENT),
        b"".join(data for side, data in turns if side is Side.SERVER),
    )


@st.composite
def talks(draw: st.DrawFn, *, closed: bool = True) -> tuple[list[Turn], list[Segment]]:
    """Turns, and packets that carry them: cut anywhere, from any sequence numbers on."""
    turns = spoken(draw(_turns))
    talk = Talk(isn=(draw(_numbers), draw(_numbers))).shake()
    for side, data in turns:
        rest = data
        while rest:
            size = draw(st.integers(1, len(rest)))
            talk.send(side, rest[:size])
            rest = rest[size:]
    return turns, talk.close().packets if closed else talk.packets


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[list[Turn], list[Segment]]:
    """The same with packets moved within 64 of their place, some of them doubled."""
    turns, packets = draw(talks())
    moved = [(at + draw(st.integers(0, 60)), packet) for at, packet in enumerate(packets)]
    moved += [
        (at + draw(st.integers(0, 60)), packets[at])
        for at in draw(st.lists(st.integers(0, len(packets) - 1), max_size=8))
    ]
    return turns, [packet for _, packet in sorted(moved, key=lambda pair: pair[0])]


@given(talks())
def test_any_segmentation_gives_the_same_streams(talk: tuple[list[Turn], list[Segment]]) -> None:
    """Nothing depends on where the packets were cut, or on their sequence numbers."""
    turns, packets = talk
    (followed,) = follow(packets)
    assert followed.streams == streams(turns)
    assert followed.gaps == []
    assert followed.kinds == []


@given(talks())
def test_turns_stay_in_order(talk: tuple[list[Turn], list[Segment]]) -> None:
    """In order as sent, each turn is told before the other side's next one."""
    turns, packets = talk
    (followed,) = follow(packets)
    merged: list[tuple[Side, bytes]] = []
    for side, data in turns:
        if merged and merged[-1][0] is side:
            merged[-1] = (side, merged[-1][1] + data)
        else:
            merged.append((side, data))
    assert [(event.side, event.data) for event in followed.events if hasattr(event, "data")] == merged


@given(disturbed())
def test_any_order_gives_the_same_streams(talk: tuple[list[Turn], list[Segment]]) -> None:
    """Shuffled within 64 packets and doubled, the same octets are told, without gaps."""
    turns, packets = talk
    (followed,) = follow(packets)
    assert followed.streams == streams(turns)
    assert followed.gaps == []


@given(disturbed(), st.integers(1, 80))
def test_a_capture_begun_in_the_middle(talk: tuple[list[Turn], list[Segment]], start: int) -> None:
    """What is told between gaps was said without gaps."""
    turns, packets = talk
    for followed in follow(packets[start:]):
        for whole, side in zip(streams(turns), Side, strict=True):
            assert all(run in whole for run in followed.runs(side))


@given(talks(), st.integers(0, 60))
def test_a_prefix_of_the_packets_gives_a_prefix_of_the_streams(
    talk: tuple[list[Turn], list[Segment]], size: int
) -> None:
    """Cut off anywhere, what was told stays true."""
    turns, packets = talk
    for followed in follow(packets[:size]):
        for whole, told in zip(streams(turns), followed.streams, strict=True):
            assert whole.startswith(told)


@given(talks(closed=False), st.data())
def test_lost_packets_leave_gaps_of_their_size(talk: tuple[list[Turn], list[Segment]], data: st.DataObject) -> None:
    """With every gap filled with as many octets the streams have their length, and agree everywhere else."""
    turns, packets = talk
    lost = data.draw(st.sets(st.integers(3, len(packets) - 1), max_size=5))
    for followed in follow([packet for at, packet in enumerate(packets) if at not in lost]):
        for side, whole in zip(Side, streams(turns), strict=True):
            told = followed.with_gaps(side)
            assert len(told) <= len(whole)
            assert all(mine in (theirs, ord("_")) for mine, theirs in zip(told, whole, strict=False))


_keys = st.sampled_from([Talk(ports=(40000 + at, 25)).key(side) for at in range(2) for side in Side])
_wild = st.tuples(
    _keys,
    st.just(0),
    st.integers(0, 2**63),
    st.one_of(st.integers(0, 40), _numbers),
    st.one_of(st.integers(0, 40), _numbers),
    st.one_of(st.sampled_from([ACK, SYN, SYN | ACK, FIN | ACK]), st.integers(0, 255)),
    st.one_of(st.sampled_from([b"", GREETING, b"EHLO a\r\n", b"x" * 9]), st.binary(max_size=40)),
    st.sampled_from([0, 0, 0, 1, 1000]),
)


@given(st.lists(_wild, max_size=60), st.sampled_from([Limits(), Limits(1, 1, 20, 3, 30)]))
def test_wild_packets_never_raise(packets: list[Segment], limits: Limits) -> None:
    """Every connection that is told ends, and its octets were in the packets."""
    for followed in follow(packets, limits):
        check(followed, packets)


def check(followed: Followed, packets: list[Segment]) -> None:
    """What is told was sent."""
    sent = sum(len(packet[6]) for packet in packets)
    assert len(followed.said(CLIENT)) <= sent
    assert all(size is None or size > 0 for _, size, _ in followed.gaps)
