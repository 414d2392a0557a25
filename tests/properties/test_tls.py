"""Laws of reading TLS: no octets are too wild, and cuts do not matter."""

from __future__ import annotations

import ssl

from hypothesis import given
from hypothesis import strategies as st
from support.handshakes import OLD_HELLO, alert, client_hello, record, server_hello
from support.secure import SAID, Conversation

from smtptrace.tls import Course, Handshake, KeyLog
from smtptrace.wire import Event, Gap, GapReason, Octets, Secured, Side

_records = st.one_of(
    st.sampled_from(
        [client_hello(), OLD_HELLO, server_hello(), alert(2, 40), alert(1, 0), b"220 x\r\n", record(20, b"\1")]
    ),
    st.builds(record, st.integers(20, 24), st.binary(max_size=60)),
    st.binary(max_size=30),
)
_turns = st.lists(st.tuples(st.sampled_from(Side), _records), max_size=10)


@given(_turns)
def test_wild_octets_never_raise(turns: list[tuple[Side, bytes]]) -> None:
    """Whatever comes, there are facts of a kind, and nothing is counted twice."""
    handshake = Handshake()
    for side, data in turns:
        handshake.feed(side, data)
    said = sum(len(data) for _, data in turns)
    assert sum(handshake.clear_octets) <= said
    assert handshake.secured.octets_after_alert <= said


@given(_turns, st.integers(1, 7))
def test_cuts_do_not_matter(turns: list[tuple[Side, bytes]], size: int) -> None:
    """The same octets in other pieces tell the same."""
    whole, parts = Handshake(), Handshake()
    for side, data in turns:
        whole.feed(side, data)
        for at in range(0, len(data), size):
            parts.feed(side, data[at : at + size])
    assert parts.secured == whole.secured
    assert parts.clear == whole.clear


@given(_turns, st.booleans(), st.integers(0, 40))
def test_without_keys_all_octets_stay(turns: list[tuple[Side, bytes]], lost: bool, size: int) -> None:
    """Whatever looks like TLS, each side says what it said."""
    events: list[Event] = [Octets(side, data) for side, data in turns if data]
    gaps: list[Event] = [Gap(Side.CLIENT, size or None, GapReason.LOST)] if lost else []
    course = Course(KeyLog(lambda: [b"# none"]))
    told = [*course.feed([*events, *gaps, *events]), *course.finish()]
    for side in Side:
        said = b"".join(event.data for event in told if isinstance(event, Octets) and event.side is side)
        assert said == b"".join(data for of, data in turns if of is side) * 2


_CONVERSATIONS = {
    version: Conversation().shake(version).tell(SAID) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
}


@given(st.sampled_from(list(_CONVERSATIONS)), st.data())
def test_whatever_is_lost_nothing_is_made_up(version: ssl.TLSVersion, data: st.DataObject) -> None:
    """Holes and changed octets: what is opened was said, in its order, and what was not opened is a gap.

    The first octets of a side stay: without them nobody knows that it speaks TLS.
    """
    conversation = _CONVERSATIONS[version]
    events: list[Event] = []
    begun: set[Side] = set()
    for key, _, _, _, _, _, octets, _ in conversation.segments:
        side = Side(key == conversation.keys[1])
        at = data.draw(st.integers(0 if side in begun else 5, 40 * len(octets))) if octets else 0
        begun.add(side)
        if at >= len(octets):
            events.append(Octets(side, octets))
        elif data.draw(st.booleans()):
            stop = data.draw(st.integers(at + 1, len(octets)))
            known = data.draw(st.booleans())
            events += [Octets(side, octets[:at])] * bool(at)
            events += [Gap(side, stop - at if known else None, GapReason.LOST)]
            events += [Octets(side, octets[stop:])] * (stop < len(octets))
        else:
            events.append(Octets(side, octets[:at] + bytes([octets[at] ^ 64]) + octets[at + 1 :]))
    course = Course(KeyLog(lambda: [conversation.key_log]))
    told = [*course.feed(events), *course.finish()]
    if not any(isinstance(event, Secured) and event.opened for event in told):
        return
    for side in Side:
        whole, at = b"".join(octets for of, octets in SAID if of is side), 0
        for event in told:
            if isinstance(event, Octets) and event.side is side:
                at = whole.index(event.data, at) + len(event.data)
        is_gap = any(isinstance(event, Gap) and event.side is side for event in told)
        said = b"".join(event.data for event in told if isinstance(event, Octets) and event.side is side)
        assert is_gap or said == whole
