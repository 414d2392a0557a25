"""Mail data as it streams by."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from smtptrace.smtp.content import HEAD, Body, DotReader
from smtptrace.wire import Exactness, Side, Span

START = Span(Side.CLIENT, 100, 100, 7, 3)


def reader(keep: bool = True) -> DotReader:
    return DotReader(Body(START, keep=keep), 100)


def plain(octets: bytes) -> bytes:
    """What a server takes, by the simplest reading of RFC 5321, 4.5.2."""
    octets = b"\r\n" + octets
    end = octets.find(b"\r\n.\r\n")
    return octets[: end + 2 if end >= 0 else None].replace(b"\n.", b"\n")[2:]


_PARTS = st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\r\n.", b"\r\n..", b"QUIT\r\n"]), max_size=40)


@given(_PARTS, st.lists(st.integers(1, 5), max_size=60))
def test_any_cut_gives_what_the_simplest_reading_gives(parts, cuts):
    """Content and end are the same in one piece and in many."""
    octets = b"".join(parts)
    read, at, left = reader(), 0, 0
    for size in [*cuts, len(octets)]:
        piece = octets[at : at + size]
        at += len(piece)
        left = read.feed(piece)
        if read.ended:
            break
    if not read.ended:
        read.rest()
    data = read.body.content(0, ended=read.ended).data
    assert data == plain(octets)
    assert read.ended == (b"\r\n.\r\n" in b"\r\n" + octets)
    assert not read.ended or plain(octets[: at - left]) == data


def test_the_head_is_bounded_and_the_data_kept_on_demand():
    """The digest runs over all."""
    body = Body(START, keep=False)
    body.add(b"x" * HEAD)
    body.add(b"y" * 10)
    content = body.content(HEAD + 110, ended=True)
    assert (len(content.head), content.data, content.size) == (HEAD, None, HEAD + 10)
    assert content.sha256 == sha256(b"x" * HEAD + b"y" * 10).hexdigest()
    assert content.span == Span(Side.CLIENT, 100, HEAD + 110, 7, 3)


def test_a_copy_goes_its_own_way():
    """What is added to one is not in the other."""
    body = Body(START, keep=True)
    body.add(b"a")
    twin = body.copy()
    twin.add(b"b")
    assert (body.content(0, ended=True).data, twin.content(0, ended=True).data) == (b"a", b"ab")


def test_no_digest_over_what_was_not_seen():
    """Octets supplied by a log do not count."""
    body = Body(START, keep=False)
    body.known(Exactness.SEEN)
    assert body.content(0, ended=True).sha256
    body.known(Exactness.LINE_END_SUPPLIED)
    assert body.content(0, ended=True).sha256 is None


def test_holes_are_listed_up_to_a_bound():
    """Each with its place among the octets that are here."""
    body = Body(START, keep=False)
    body.add(b"abc")
    for _ in range(10_010):
        body.lose(2)
    content = body.content(0, ended=True)
    assert (content.holes[0], len(content.holes), content.missing) == ((3, 2), 10_000, 20_020)


def test_only_so_many_forks_are_noted():
    """A content full of odd ends costs no more than one."""
    read = reader()
    read.feed(b"a\n.\nQUIT\r\n" * 50)
    assert len(read.forks) == 8
    assert read.forks[0].form == "LF.LF"
    read.give_up_forks()
    read.feed(b"a\n.\nQUIT\r\n")
    assert not read.forks


def test_a_dot_at_the_very_end_is_held_back():
    """What it is shows only with the next octets."""
    read = reader()
    read.feed(b"a\r\n.")
    assert read.body.seen == 3
    assert read.needed == 103
    read.feed(b"b")
    assert (read.body.seen, read.needed) == (4, None)
