"""Laws of transcripts: what is written is read back the same, and nothing that is read raises or is lost."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from smtptrace import transcripts
from smtptrace.transcripts.dialogue import write
from smtptrace.wire import (
    Certificate,
    Close,
    Closing,
    Connection,
    Endpoint,
    Event,
    Exactness,
    Gap,
    GapReason,
    Irregularity,
    Note,
    Octets,
    Open,
    Opening,
    Origin,
    Secured,
    Side,
    TimeBasis,
    Typed,
)

TIMES = st.none() | st.integers(0, 4_000_000_000_000_000_000)
SIDES = st.sampled_from(Side)
OCTETS = st.binary(min_size=1, max_size=60) | st.sampled_from(
    [
        b"EHLO a\r\n",
        b"250 ok\r\n",
        b"\r",
        b"\n",
        b"\r\n",
        b"a\\x41\\\r\n",
        b"\xc3\xa4 \t\r\n",
        b"${NAME}\r\n",
        b" \r\n",
        b"\x85\xa0\r\n",
    ]
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)
CERTIFICATES = st.builds(Certificate, TEXTS, TEXTS, st.tuples(TEXTS), TIMES, TIMES, WORDS)
EXACT = st.sampled_from([kind for kind in Exactness if kind is not Exactness.MASKED])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Octets, SIDES, OCTETS, TIMES, exactness=EXACT),
    st.builds(Gap, SIDES, st.none() | st.integers(1, 10**12), st.sampled_from(GapReason), TIMES),
    st.builds(
        Secured,
        st.booleans(),
        st.booleans(),
        st.none() | WORDS,
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.tuples(WORDS),
        st.none() | CERTIFICATES,
        st.none() | st.tuples(SIDES, WORDS),
        st.integers(0, 9),
        TIMES,
    ),
    st.builds(Note, TEXTS, TIMES),
    st.builds(Open, st.sampled_from(Opening), TIMES),
    st.builds(Close, SIDES, st.sampled_from(Closing), TIMES),
    st.builds(Typed, OCTETS, OCTETS, TIMES),
    st.builds(Irregularity, WORDS, TEXTS, SIDES, TIMES),
)
CONNECTIONS = st.builds(
    Connection,
    st.just(Endpoint("10.0.0.5", 50011)) | st.just(Endpoint("", 0)),
    st.just(Endpoint("::1", 25)) | st.just(Endpoint("mail.example", 0)),
    st.builds(Origin, st.just("-"), st.just("pcapng"), time_basis=st.sampled_from([TimeBasis.UTC, TimeBasis.RELATIVE])),
    events=st.lists(EVENTS, min_size=1, max_size=20).map(tuple),
    label=st.none() | WORDS,
    facts=st.dictionaries(WORDS, TEXTS, max_size=2),
)


def told(connection: Connection) -> list[object]:
    """The events without their lines; octets of one side that follow each other joined."""
    kinds: list[object] = []
    for key, group in groupby(
        connection.events, key=lambda event: isinstance(event, Octets) and (event.side, event.exactness)
    ):
        if key:
            kinds.append((key, b"".join(event.data for event in group if isinstance(event, Octets))))
        else:
            kinds += [tuple(getattr(event, name) for name in event.__slots__ if name != "frame") for event in group]
    return kinds


@given(CONNECTIONS)
def test_written_and_read_it_is_the_same(connection: Connection) -> None:
    """Streams, gaps, turn order, TLS marks, notes and times come through the `C:`/`S:` form unharmed."""
    (again,) = transcripts.read(write(connection).encode("utf-8", "surrogateescape"))
    assert told(again) == told(connection)
    assert (again.client, again.server, again.label, again.facts) == (
        connection.client,
        connection.server,
        connection.label,
        connection.facts,
    )
    assert write(again) == write(connection)


LINES = st.lists(
    st.sampled_from(
        [
            "220 hi",
            "250-a",
            "250 ok",
            "354 go",
            "334 dXNlcg==",
            "535 no",
            "EHLO a",
            "AUTH LOGIN",
            "DATA",
            "BDAT 5 LAST",
            "QUIT",
            ".",
            "",
            "YWxpY2U=",
            "STARTTLS",
            "220 go ahead TLS",
            "=== TLS started with cipher TLSv1.3:X:256",
            "********",
            "> quoted",
            "prose of some kind",
            "Connected to smtp://h:25/",
            "Trying 192.0.2.1...",
            "Connection closed by foreign host.",
            "```",
            "\b \b",
            "^H",
            "x" * 80,
        ]
    ),
    max_size=30,
)
MARKS = st.sampled_from(
    [
        ("", ""),
        ("S: ", "C: "),
        ("<-  ", " -> "),
        ("< ", "> "),
        ("<-- ", "--> "),
        ("SERVER -> CLIENT: ", "CLIENT -> SERVER: "),
        (" Out: ", " In:  "),
        ("<<< ", ">>> "),
        ("Got: ", "Sent: "),
        ("[x] DEBUG [1] S: ", "[x] DEBUG [1] C: "),
        ("  SMTP<< ", "  SMTP>> "),
    ]
)


@given(LINES, MARKS)
def test_any_order_of_lines_is_read(lines: list[str], marks: tuple[str, str]) -> None:
    """No order of lines, in whatever dialect, raises; each line is told at most once, in the order of the text."""
    text = "".join(marks[not line[:3].isdigit()] + line + "\n" for line in lines)
    for connection in transcripts.read(text.encode()):
        frames = [event.frame for event in connection.events if event.frame and isinstance(event, Octets)]
        assert frames == sorted(frames)


@given(st.binary(max_size=400))
def test_no_octets_raise(junk: bytes) -> None:
    """Whatever stands in a file, reading it gives connections or none."""
    assert isinstance(transcripts.read(junk), tuple)
