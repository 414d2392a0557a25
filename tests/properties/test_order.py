"""The order in which the two sides spoke counts for nothing as long as no octets are missing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.segments import CLIENT, SERVER, Side, Talk, renumbered

from smtptrace import tcp
from smtptrace.segment import Segment
from smtptrace.smtp import Dialogue, Session
from smtptrace.tls._order import in_order
from smtptrace.wire import Event, Octets, Origin

_SAID: list[tuple[Side, bytes]] = [
    (CLIENT, b"EHLO a\r\n"),
    (SERVER, b"250-mx\r\n250 PIPELINING\r\n"),
    (CLIENT, b"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"),
    (SERVER, b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n"),
    (CLIENT, b"Subject: x\r\n\r\n..text\r\nline\r\n.\r\n"),
    (SERVER, b"250 2.0.0 ok: queued as 1234567890\r\n"),
    (CLIENT, b"RSET\r\nNOOP\r\n"),
    (SERVER, b"250 ok\r\n250 ok\r\n"),
    (CLIENT, b"AUTH LOGIN\r\n"),
    (SERVER, b"334 VXNlcm5hbWU6\r\n"),
    (CLIENT, b"dXNlcg==\r\n"),
    (SERVER, b"535 5.7.8 no\r\n"),
    (CLIENT, b"QUIT\r\n"),
    (SERVER, b"221 bye\r\n"),
]


@st.composite
def captures(draw: st.DrawFn) -> list[Segment]:
    """A dialogue cut into packets, some of which are lost, late, or cut off, with or without its beginning and end."""
    talk = Talk().shake().s(b"220 mx ESMTP\r\n")
    for side, data in _SAID * draw(st.integers(1, 2)):
        rest = data
        while rest:
            size = draw(st.one_of(st.just(len(rest)), st.integers(1, len(rest))))
            talk.send(side, rest[:size])
            rest = rest[size:]
    packets = talk.close().packets
    lost = draw(st.sets(st.integers(4, len(packets) - 1), max_size=3))
    late = {at: draw(st.integers(0, 40)) for at in draw(st.sets(st.integers(4, len(packets) - 1), max_size=3))}
    kept = [(at + late.get(at, 0), packet) for at, packet in enumerate(packets) if at not in lost]
    moved = [packet for _, packet in sorted(kept, key=lambda pair: pair[0])]
    return renumbered(moved[3 * draw(st.booleans()) :])


def told(packets: list[Segment], *, ordered: bool) -> list[list[Event]]:
    flows: dict[int, list[Event]] = {}
    connections = []
    for connection, events, _ in tcp.follow(packets, Origin("a.pcap", "pcap"), tcp.Limits(ordered=ordered)):
        connections.append(connection)  # keeps it, so that no other has its id
        flows.setdefault(id(connection), []).extend(events)
    return [*flows.values()]


def session_of(packets: list[Segment], *, ordered: bool) -> list[Session]:
    """The sessions, without the connections that they were read from."""
    dialogues: dict[int, Dialogue] = {}
    for connection, events, _ in tcp.follow(packets, Origin("a.pcap", "pcap"), tcp.Limits(ordered=ordered)):
        dialogue = dialogues.setdefault(id(connection), Dialogue(connection))
        for event in events:
            dialogue.feed(event)
    return [replace(dialogue.finish(), connection=None) for dialogue in dialogues.values()]  # type: ignore[arg-type]


@given(captures())
def test_sessions_do_not_depend_on_the_order_of_the_sides(packets: list[Segment]) -> None:
    """Neither where nothing is missing, nor up to the first gap, nor behind it."""
    assert session_of(packets, ordered=False) == session_of(packets, ordered=True)


@given(captures())
def test_the_order_can_be_had_again(packets: list[Segment]) -> None:
    """Octets know their packets, so that turns are the same whether they are asked for or made later."""
    loose, strict = (
        [(event.side, event.data) for events in told(packets, ordered=ordered) for event in in_order(events)
         if isinstance(event, Octets)]
        for ordered in (False, True)
    )  # fmt: skip
    assert loose == strict
