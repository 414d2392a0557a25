"""A clear prologue and opened TLS become one connection."""

from __future__ import annotations

import ssl

from support.handshakes import OLD_HELLO, client_hello, server_hello, shake

from smtptrace.tls import join
from smtptrace.wire import Close, Closing, Event, Gap, GapReason, Octets, Open, Opening, Secured, Side

C, S = Side.CLIENT, Side.SERVER
GREETING, STARTTLS, GO = b"220 mx.test ESMTP\r\n", b"STARTTLS\r\n", b"220 go\r\n"
OPENED = [(C, b"EHLO a\r\n", 11, 21), (S, b"250 mx\r\n", 12, 22)]


def said(events: list[Event], side: Side) -> bytes:
    """The octets of one side."""
    return b"".join(event.data for event in events if isinstance(event, Octets) and event.side is side)


def secured(events: list[Event]) -> Secured:
    """Where TLS begins."""
    (found,) = [event for event in events if isinstance(event, Secured)]
    return found


def test_starttls() -> None:
    """Clear, then the handshake's facts, then what was opened, then the end."""
    turns = [Octets(side, data, at, at) for at, (side, data) in enumerate(shake(ssl.TLSVersion.TLSv1_2), 5)]
    end = Close(C, Closing.FIN, 30, 30)
    prologue = [Open(Opening.SYN_SEEN, 1, 1), Octets(S, GREETING, 2, 2), Octets(C, STARTTLS, 3, 3), Octets(S, GO, 4, 4)]
    events = join([*prologue, *turns, end], OPENED)
    assert events[:4] == prologue
    assert [type(event) for event in events[4:]] == [Secured, Octets, Octets, Close]
    assert said(events, C) == STARTTLS + b"EHLO a\r\n"
    assert said(events, S) == GREETING + GO + b"250 mx\r\n"
    facts = secured(events)
    assert (facts.opened, facts.implicit, facts.version, facts.sni) == (True, False, "TLSv1.2", "mx.test")
    assert (facts.time_ns, facts.frame) == (5, 5)


def test_implicit_tls() -> None:
    """Nothing was in clear."""
    events = join([Octets(C, client_hello()), Octets(S, server_hello())], OPENED)
    assert secured(events).implicit
    assert said(events, C) == b"EHLO a\r\n"


def test_tls_that_could_not_be_opened() -> None:
    """The facts stay."""
    events = join([Octets(S, GREETING), Octets(C, client_hello()), Octets(S, server_hello())], [])
    assert not secured(events).opened
    assert secured(events).cipher is not None
    assert said(events, S) == GREETING


def test_no_tls() -> None:
    """Nothing changes."""
    events: list[Event] = [Octets(S, GREETING), Octets(C, b"QUIT\r\n"), Close(C, Closing.FIN)]
    assert join(events, []) == events


def test_clear_and_tls_in_one_event() -> None:
    """It is parted where TLS begins, with its places."""
    both = STARTTLS + b"NOOP\r\n" + client_hello()
    event = Octets(C, both, 1, 1, places=[(10, 2, 2), (16, 3, 3), (20, 4, 4)])
    events = join([Octets(S, GREETING), event, Octets(S, GO + server_hello(), 5, 5)], OPENED)
    clear = events[1]
    assert isinstance(clear, Octets)
    assert (clear.data, list(clear.places)) == (STARTTLS + b"NOOP\r\n", [(10, 2, 2)])
    assert (secured(events).time_ns, secured(events).frame) == (3, 3)
    assert secured(events).version == "TLSv1.2"


def test_the_beginning_of_tls_cut_anywhere() -> None:
    """The first record may come in pieces."""
    for hello in (client_hello(), OLD_HELLO):
        whole = join([Octets(C, STARTTLS + hello)], OPENED)
        assert said(whole, C) == STARTTLS + b"EHLO a\r\n"
        for at in range(1, 8):
            parts = [Octets(C, STARTTLS + hello[:at]), Octets(C, hello[at:], places=[(3, 9, 9)])]
            assert join(parts, OPENED) == whole


def test_what_only_looks_like_tls_stays() -> None:
    """A line that begins like a record, at the end of what was said."""
    events: list[Event] = [Octets(C, b"a\r\n\x16"), Gap(C, 5, GapReason.LOST), Octets(C, b"b\r\n\x16\x03")]
    joined = join(events, [])
    assert said(joined, C) == b"a\r\n\x16b\r\n\x16\x03"
    assert [type(event) for event in joined].index(Gap) == 2


def test_gaps_among_encrypted_octets() -> None:
    """How many octets they would have been cannot be told; they stand where they were."""
    gap = Gap(S, 100, GapReason.LOST, 11, 21)
    events = join([Octets(C, client_hello(), 1, 1), Octets(S, server_hello(), 2, 2), gap], OPENED)
    assert events[1:] == [Octets(*OPENED[0]), Gap(S, None, GapReason.LOST, 11, 21), Octets(*OPENED[1])]
