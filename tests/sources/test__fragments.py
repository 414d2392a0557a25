"""Fragmented packets: put together in any order, given up within bounds."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from support.frames import CLIENT, IPV6, SERVER, ethernet, interface, ipv4, ipv6, payloads, pcap, read, section, tcp
from support.frames import enhanced as packet_block

from smtptrace.sources._fragments import (
    LONGEST_WAIT_NS,
    MOST_DATAGRAMS,
    MOST_FRAGMENTS,
    MOST_OCTETS,
    Fragments,
)

PAYLOAD = bytes(range(256)) * 4
MORE = 0x2000


def fragments(body: bytes, size: int = 200, identification: int = 7) -> list[bytes]:
    """Frames with a packet's body in IPv4 fragments."""
    return [
        ethernet(
            ipv4(
                body[at : at + size],
                fragment=at // 8 | (MORE if at + size < len(body) else 0),
                identification=identification,
            )
        )
        for at in range(0, len(body), size)
    ]


def fragments_6(body: bytes, size: int = 200) -> list[bytes]:
    """Frames with a packet's body in IPv6 fragments."""
    return [
        ethernet(
            ipv6(b"\6\0" + (at | (at + size < len(body))).to_bytes(2, "big") + b"\0\0\0\7" + body[at : at + size], 44),
            IPV6,
        )
        for at in range(0, len(body), size)
    ]


@pytest.mark.parametrize("split", [fragments, fragments_6])
@pytest.mark.parametrize("seed", range(5))
def test_fragments_in_any_order(split, seed):
    """The segment comes with the last missing one, as its frame; some come twice."""
    frames = split(tcp(PAYLOAD))
    random.Random(seed).shuffle(frames)
    segments, report = read(pcap(*frames, frames[0]))
    assert [(segment[1], segment[6]) for segment in segments] == [(len(frames), PAYLOAD)]
    assert report.skipped == {"fragment repeated": 1}


def test_the_packets_of_a_flow_do_not_mix():
    """Identification and addresses tell them apart."""
    one, two = fragments(tcp(b"a" * 400), identification=1), fragments(tcp(b"b" * 400), identification=2)
    frames = [frame for pair in zip(one, two, strict=True) for frame in pair]
    assert payloads(pcap(*frames)) == [b"a" * 400, b"b" * 400]


def test_a_lost_fragment_is_said():
    """Nothing is put together with a hole; the others are counted."""
    frames = fragments(tcp(PAYLOAD))
    for missing in range(len(frames)):
        segments, report = read(pcap(*frames[:missing], *frames[missing + 1 :]))
        assert (segments, report.skipped) == ([], {"fragment lost": len(frames) - 1})


def test_a_fragment_that_was_cut_cannot_be_used():
    """The snap length leaves a hole in it."""
    frames = fragments(tcp(PAYLOAD))
    _, report = read(pcap(*frames, cut=100))
    assert report.skipped["fragment cut off"] == len(frames) - 1


def test_the_first_to_come_wins_where_fragments_overlap():
    """Later octets for the same place are left."""
    waiting = Fragments(Counter())
    assert waiting.add("x", 0, True, b"aaaaaaaa", 0) is None
    assert waiting.add("x", 0, True, b"bbbbbbbbbbbbbbbb", 0) is None
    assert waiting.add("x", 16, False, b"c", 0) == b"aaaaaaaabbbbbbbbc"


def test_octets_beyond_the_last_fragment_are_left():
    """The first fragment that says it is the last tells the length."""
    waiting = Fragments(Counter())
    assert waiting.add("x", 8, False, b"b", 0) is None
    assert waiting.add("x", 16, True, b"zzzzzzzz", 0) is None
    assert waiting.add("x", 16, False, b"z", 0) is None
    assert waiting.add("x", 0, True, b"aaaaaaaa", 0) == b"aaaaaaaab"


def test_an_old_fragment_is_not_joined_with_a_new_one():
    """The identification is used again sooner or later."""
    skipped: Counter[str] = Counter()
    waiting = Fragments(skipped)
    assert waiting.add("x", 0, True, b"oldoldol", 0) is None
    assert waiting.add("x", 8, False, b"n", LONGEST_WAIT_NS + 1) is None
    assert skipped == {"fragment lost": 1}
    assert waiting.add("x", 0, True, b"newnewne", LONGEST_WAIT_NS + 2) == b"newnewnen"


def test_times_come_from_the_capture():
    """Fragments a minute apart and more are not joined."""
    frames = fragments(tcp(b"x" * 300))
    blocks = [packet_block(frame, count=number * 61_000_000) for number, frame in enumerate(frames)]
    assert payloads(section() + interface() + b"".join(blocks)) == []


@pytest.mark.parametrize(("pieces", "whole"), [(MOST_FRAGMENTS, True), (MOST_FRAGMENTS + 1, False)])
def test_the_fragments_of_a_datagram_have_a_bound(pieces, whole):
    """One more and it is counted."""
    skipped: Counter[str] = Counter()
    waiting = Fragments(skipped)
    last = pieces - 1
    found = [waiting.add("x", at * 8, at < last, b"abcdefgh", 0) for at in range(pieces)]
    assert (found[-1] is not None) == whole
    assert skipped == ({} if whole else {"fragment past a limit": 1})


def test_a_datagram_is_no_longer_than_ip_allows():
    """The ping of death stays dead."""
    skipped: Counter[str] = Counter()
    assert Fragments(skipped).add("x", 65_528, False, b"12345678", 0) is None
    assert skipped == {"fragment past a limit": 1}
    assert read(pcap(ethernet(ipv4(b"x" * 24, fragment=0x1FFF, hosts=(CLIENT, SERVER)))))[1].skipped.total() == 1


def test_the_datagrams_that_wait_have_a_bound():
    """The oldest is given up, by number and by octets."""
    skipped: Counter[str] = Counter()
    waiting = Fragments(skipped)
    for number in range(MOST_DATAGRAMS + 3):
        waiting.add(number, 0, True, b"12345678", 0)
    assert skipped == {"fragment lost": 3}
    waiting.finish()
    assert skipped == {"fragment lost": MOST_DATAGRAMS + 3}
    for number in range(MOST_OCTETS // 65_528 + 1):
        waiting.add(number, 0, True, bytes(65_528), 0)
    assert skipped["fragment lost"] == MOST_DATAGRAMS + 4


def test_fragments_that_come_again_are_not_lost():
    """A mirror port that gives each packet twice: a few come when the datagram is whole already."""
    frames = [frame for frame in fragments(tcp(PAYLOAD)) for _ in (0, 1)]
    segments, report = read(pcap(*frames))
    assert [segment[6] for segment in segments] == [PAYLOAD]
    assert report.skipped == {"fragment repeated": 1}


def test_a_number_that_is_used_again():
    """Other fragments with the number of a datagram that is whole are another one, lost if it is not whole."""
    other = fragments(tcp(PAYLOAD[::-1]))
    segments, report = read(pcap(*fragments(tcp(PAYLOAD)), *other, other[0]))
    assert [segment[6] for segment in segments] == [PAYLOAD, PAYLOAD[::-1]]
    assert report.skipped == {"fragment repeated": 1}
    assert read(pcap(*fragments(tcp(PAYLOAD)), other[0]))[1].skipped == {"fragment lost": 1}
