"""Connections for tests: written by hand, and made up by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Note,
    Octets,
    Open,
    Opening,
    Origin,
    Secured,
    Side,
    TimeBasis,
)

START = 1_700_000_000_000_000_000
CLIENT, SERVER = Side.CLIENT, Side.SERVER


def dialogue(*lines: str | Event, client: str = "10.0.0.5", server: str = "10.0.0.25", port: int = 2525) -> Connection:
    """A connection in which `C: ...` and `S: ...` said these lines, a millisecond apart; events stand as given."""
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        if isinstance(line, str):
            data = line[3:].encode("utf-8", "surrogateescape") + b"\r\n"
            events.append(Octets(CLIENT if line[0] == "C" else SERVER, data, START + number * 10**6, number))
        else:
            events.append(line)
    origin = Origin("made", "test")
    return Connection(Endpoint(client, 50011), Endpoint(server, port), origin, 1, START, tuple(events))


def streams(connection: Connection) -> tuple[bytes, bytes]:
    """All octets of client and server."""
    return tuple(
        b"".join(event.data for event in connection.events if isinstance(event, Octets) and event.side is side)
        for side in Side
    )  # type: ignore[return-value]


def turns(connection: Connection) -> list[object]:
    """The course of a connection: who spoke what, where octets are missing, where TLS begins."""
    course: list[object] = []
    for event in connection.events:
        if isinstance(event, Octets):
            last = course[-1] if course else None
            if isinstance(last, tuple) and last[:2] == (event.side, event.exactness):
                course[-1] = (*last[:2], last[2] + event.data)
            elif event.data:
                course.append((event.side, event.exactness, event.data))
        elif isinstance(event, Gap):
            course.append(("gap", event.side, event.size, event.reason))
        elif isinstance(event, Secured):
            course.append(("tls", event.opened, event.version, event.cipher, event.sni))
    return course


_WORDS = st.sampled_from(
    [b"EHLO a\r\n", b"250 ok\r\n", b"250-a\r\n250 b\r\n", b"AUTH LOGIN\r\n", b"334 \r\n", b"MAIL FROM:<a@b.test>\r\n"]
)
_PIECES = st.one_of(_WORDS, st.binary(min_size=1, max_size=40), st.just(b"line of a message\r\n" * 200))
_GAPS = st.builds(
    Gap,
    side=st.sampled_from(Side),
    size=st.one_of(st.none(), st.integers(1, 100_000)),
    reason=st.sampled_from([GapReason.LOST, GapReason.NOT_LOGGED, GapReason.SNAPLEN]),
)
_EVENTS = st.one_of(
    st.builds(Octets, side=st.sampled_from(Side), data=_PIECES, exactness=st.sampled_from(Exactness)),
    st.builds(Octets, side=st.sampled_from(Side), data=_PIECES),
    _GAPS,
    st.builds(Note, text=st.text(max_size=30)),
)
_SECURED = st.builds(
    Secured,
    opened=st.just(True),
    version=st.sampled_from([None, "TLSv1.2", "TLSv1.3"]),
    cipher=st.one_of(st.none(), st.text(max_size=20)),
    sni=st.one_of(st.none(), st.text(max_size=20)),
)


@st.composite
def connections(draw: st.DrawFn) -> Connection:
    """A connection that begins as one does, with anything in it, and ends as one does."""
    timed = draw(st.booleans())
    events: list[Event] = [Octets(SERVER, b"220 mx.test ESMTP\r\n"), Octets(CLIENT, b"EHLO a\r\n")]
    events += draw(st.lists(_EVENTS, max_size=8))
    if draw(st.booleans()):
        events += [draw(_SECURED), Octets(CLIENT, draw(_PIECES)), *draw(st.lists(_EVENTS, max_size=5))]
    if draw(st.booleans()):
        events.insert(0, Open(Opening.SYN_SEEN))
    if draw(st.booleans()):
        events += [Close(CLIENT, Closing.FIN), Close(SERVER, Closing.FIN)]
    for number, event in enumerate(events, 1):
        event.frame, event.time_ns = number, START + number * 10**6 if timed else None
    client, server = draw(
        st.sampled_from(
            [
                (Endpoint("10.0.0.5", 50011), Endpoint("192.168.1.25", 25)),
                (Endpoint("2001:db8::5", 50011), Endpoint("fe80::1", 587)),
                (Endpoint("", 0), Endpoint("mail.corp.test", 25)),
                (Endpoint("app01", 0), Endpoint("::1", 2525)),
            ]
        )
    )
    basis = TimeBasis.UTC if timed else TimeBasis.NONE
    origin = Origin("made", "test", time_basis=basis)
    return Connection(client, server, origin, 1, events[0].time_ns, tuple(events))
