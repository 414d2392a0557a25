"""Where the clear prologue ends and TLS begins, as far as that shows without any key."""

from __future__ import annotations

import pytest
from support.handshakes import OLD_HELLO, client_hello, server_hello
from support.secure import C, Conversation, S

from smtptrace.tls import Course, KeyLog
from smtptrace.wire import Close, Closing, Event, Gap, GapReason, Irregularity, Octets, Open, Opening, Secured, Side

GREETING, STARTTLS, GO = b"220 mx.test ESMTP\r\n", b"STARTTLS\r\n", b"220 go\r\n"
NULL_KEY = b"CLIENT_RANDOM " + bytes(32).hex().encode() + b" " + bytes(48).hex().encode()
"""A key for the hellos of `support.handshakes`."""


def course(events: list[Event], keys: bytes = b"# none") -> list[Event]:
    """All that is told of these events."""
    way = Course(KeyLog(lambda: [keys]))
    return [*way.feed(events), *way.finish()]


def said(events: list[Event], side: Side) -> bytes:
    """The octets of one side."""
    return b"".join(event.data for event in events if isinstance(event, Octets) and event.side is side)


def test_what_comes_around_tls() -> None:
    """Clear, then the handshake's facts, then what was opened, then the end."""
    conversation = Conversation().shake(771).tell([(C, b"EHLO a\r\n"), (S, b"250 mx\r\n")])
    turns = [Octets(Side(s[0] == conversation.keys[S]), s[6], s[1], s[1]) for s in conversation.segments]
    prologue = [Open(Opening.SYN_SEEN, 1, 1), Octets(S, GREETING, 2, 2), Octets(C, STARTTLS, 3, 3), Octets(S, GO, 4, 4)]
    events = course([*prologue, *turns, Close(C, Closing.FIN, 30, 30)], conversation.key_log)
    assert events[:4] == prologue
    assert [type(event) for event in events[4:]] == [Secured, Octets, Octets, Close]
    secured = events[4]
    assert isinstance(secured, Secured)
    assert (secured.opened, secured.implicit, secured.version, secured.sni) == (True, False, "TLSv1.2", None)


def test_no_tls() -> None:
    """Nothing changes."""
    events: list[Event] = [Octets(S, GREETING), Octets(C, b"QUIT\r\n"), Close(C, Closing.FIN)]
    assert course(events) == events


def test_no_keys() -> None:
    """Nothing changes but that events are parted where TLS begins."""
    events = [Octets(S, GREETING), Octets(C, STARTTLS), Octets(S, GO), Octets(C, client_hello()), Close(C, Closing.RST)]
    assert course(events) == events


def test_a_handshake_that_fails() -> None:
    """There is a key and nothing to open with it; the facts are told."""
    events: list[Event] = [Octets(C, client_hello()), Octets(S, server_hello()), Close(C, Closing.RST)]
    secured, end = course(events, NULL_KEY)
    assert isinstance(secured, Secured)
    assert (secured.opened, secured.implicit, secured.version) == (False, True, "TLSv1.2")
    assert end == events[-1]


def test_clear_and_tls_in_one_event() -> None:
    """It is parted where TLS begins, with its places."""
    both = STARTTLS + b"NOOP\r\n" + client_hello()
    event = Octets(C, both, 1, 1, places=[(10, 2, 2), (16, 3, 3), (20, 4, 4)])
    clear, answer, secured = course([event, Octets(S, GO + server_hello(), 5, 5)], NULL_KEY)
    assert isinstance(clear, Octets)
    assert (clear.data, list(clear.places)) == (STARTTLS + b"NOOP\r\n", [(10, 2, 2)])
    assert answer == Octets(S, GO, 5, 5, places=[])
    assert isinstance(secured, Secured)
    assert (secured.time_ns, secured.frame, secured.version) == (3, 3, "TLSv1.2")


def test_the_beginning_of_tls_cut_anywhere() -> None:
    """The first record may come in pieces."""
    conversation = Conversation().shake(772).tell([(C, b"EHLO a\r\n")])
    client = b"".join(segment[6] for segment in conversation.segments if segment[0] == conversation.keys[C])
    server = b"".join(segment[6] for segment in conversation.segments if segment[0] == conversation.keys[S])
    for at in range(1, 8):
        parts = [Octets(C, STARTTLS + client[:at]), Octets(C, client[at:], places=[(3, 9, 9)]), Octets(S, server)]
        assert said(course(parts, conversation.key_log), C) == STARTTLS + b"EHLO a\r\n"


@pytest.mark.parametrize("kept", [1, 2, 3], ids=lambda kept: f"{kept} octets")
def test_the_first_record_of_the_server_is_damaged(kept: int) -> None:
    """Where the client speaks TLS, what is left of it is no word of the server."""
    conversation = Conversation().shake(771).tell([(C, b"EHLO a\r\n"), (S, b"250 mx\r\n")])
    turns: list[Event] = [Octets(Side(s[0] == conversation.keys[S]), s[6], s[1], s[1]) for s in conversation.segments]
    at = next(at for at, event in enumerate(turns) if isinstance(event, Octets) and event.side is S)
    hello = turns[at]
    assert isinstance(hello, Octets)
    turns[at : at + 1] = [Octets(S, hello.data[:kept]), Gap(S, None, GapReason.LOST), Octets(S, hello.data[kept + 4 :])]
    events = course([Octets(S, GREETING), *turns], conversation.key_log)
    assert said(events, S) in (GREETING, GREETING + b"250 mx\r\n")


def test_the_hello_of_old_clients() -> None:
    """SSL 2.0's form begins TLS too; nothing is opened behind it."""
    events: list[Event] = [Octets(C, STARTTLS + OLD_HELLO), Octets(S, server_hello())]
    assert said(course(events, NULL_KEY), C) == STARTTLS + OLD_HELLO


def test_what_only_looks_like_tls_stays() -> None:
    """A line that begins like a record, at the end of what was said."""
    events: list[Event] = [Octets(C, b"a\r\n\x16"), Gap(C, 5, GapReason.LOST), Octets(C, b"b\r\n\x16\x03")]
    told = course(events)
    assert said(told, C) == b"a\r\n\x16b\r\n\x16\x03"
    assert [type(event) for event in told].index(Gap) == 2


def test_a_gap_in_the_clear_handshake() -> None:
    """Without the server's hello there is nothing to go by, and that is said."""
    conversation = Conversation().shake(771).tell([(C, b"EHLO a\r\n")])
    octets = [(Side(s[0] == conversation.keys[S]), s[6]) for s in conversation.segments]
    events: list[Event] = [
        Octets(side, data) if side is C else Gap(S, len(data), GapReason.LOST) for side, data in octets
    ]
    told = course(events, conversation.key_log)
    assert said(told, C) == b""
    assert "tls-lost" in [event.kind for event in told if isinstance(event, Irregularity)] or told == events


@pytest.mark.parametrize("version", [771, 772])
def test_a_gap_in_the_certificate(version: int) -> None:
    """The change of keys behind it is found again."""
    conversation = Conversation().shake(version).tell([(C, b"EHLO a\r\n"), (S, b"250 a\r\n")])
    events: list[Event] = []
    for segment in conversation.segments:
        side, data = Side(segment[0] == conversation.keys[S]), segment[6]
        if side is S and len(data) > 400:
            events += [Octets(S, data[:300]), Gap(S, 80, GapReason.LOST), Octets(S, data[380:])]
        else:
            events.append(Octets(side, data))
    assert any(isinstance(event, Gap) for event in events)
    told = course(events, conversation.key_log)
    assert (said(told, C), said(told, S)) == (b"EHLO a\r\n", b"250 a\r\n")


def test_what_is_missing_before_tls_stays_missing() -> None:
    """A reply in clear is lost, which is known only when the client speaks TLS already."""
    lost = Gap(S, 238, GapReason.LOST, 8, 8)
    turns: list[Event] = [
        Octets(C, STARTTLS),
        Octets(C, client_hello()),
        lost,
        Octets(S, GO),
        Octets(S, server_hello()),
    ]
    events = course(turns, NULL_KEY)
    assert [event for event in events if isinstance(event, Gap)] == [lost]
    assert events.index(lost) < events.index(Octets(S, GO))
