"""Laws of reading TLS: no octets are too wild, and cuts do not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.handshakes import OLD_HELLO, alert, client_hello, record, server_hello

from smtptrace.tls import Handshake, join
from smtptrace.wire import Gap, GapReason, Octets, Side

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


@given(_turns, st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=20)), max_size=5), st.booleans())
def test_joining_keeps_what_was_opened(
    turns: list[tuple[Side, bytes]], opened: list[tuple[Side, bytes]], lost: bool
) -> None:
    """Each side's opened octets end its stream where there is TLS."""
    events = [Octets(side, data) for side, data in turns if data]
    gaps = [Gap(Side.CLIENT, 3, GapReason.LOST)] if lost else []
    joined = join([*events, *gaps, *events], [(side, data, None, None) for side, data in opened])
    for side in Side:
        said = b"".join(event.data for event in joined if isinstance(event, Octets) and event.side is side)
        ending = b"".join(data for of, data in opened if of is side)
        untouched = b"".join(event.data for event in [*events, *events] if event.side is side)
        assert said.endswith(ending) or said == untouched
