"""A connection that was written as pcapng, read again."""

from __future__ import annotations

from io import BytesIO

from hypothesis import given
from support.connections import CLIENT, SERVER, START, connections, dialogue, streams, turns

from smtptrace import pcapng, tcp
from smtptrace.sources import SourceReport, capfile
from smtptrace.tls import marks
from smtptrace.wire import (
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


def again(*said: Connection) -> list[Connection]:
    """The connections after a round through a capture."""
    stream, report = BytesIO(), SourceReport()
    pcapng.write(stream, said)
    stream.seek(0)
    found: dict[int, tuple[Connection, list[Event]]] = {}

    def comments() -> list[tuple[int, str]]:
        taken = list(report.marks)
        report.marks.clear()
        return taken

    batches = tcp.follow(capfile.segments(stream, report), Origin("made", "pcapng"))
    for connection, events, _ in marks.restore(batches, comments):
        found.setdefault(id(connection), (connection, []))[1].extend(events)
    for connection, events in found.values():
        connection.events = events
    return [connection for connection, _ in found.values()]


def kinds(connection: Connection, *wanted: type) -> list[Event]:
    return [event for event in connection.events if isinstance(event, wanted)]


def test_tls_stands_where_it_began() -> None:
    """One connection again, though the capture has two TCP streams of it."""
    secured = Secured(opened=True, version="TLSv1.3", cipher="X", sni="mx.test", offered=("TLSv1.2", "TLSv1.3"))
    said = dialogue(Open(Opening.SYN_SEEN), "S: 220 a", "C: STARTTLS", "S: 220 go", secured, "C: EHLO b", "S: 250 ok")
    (read,) = again(said)
    assert turns(read) == turns(said)
    assert (read.client, read.server, read.time_ns) == (said.client, said.server, START)
    (found,) = kinds(read, Secured)
    assert found.offered == ("TLSv1.2", "TLSv1.3")
    assert kinds(read, Open) == [Open(Opening.SYN_SEEN, START, 1)]


def test_what_the_packets_cannot_say_comes_back() -> None:
    """Names, label, facts, notes, keys, exactness and oddities."""
    said = dialogue(
        "S: 220 a",
        Note("*** LogonDenied я"),
        Typed(b"a\x08b\xff", b"b"),
        Octets(CLIENT, b"****\r\n", exactness=Exactness.MASKED),
        Irregularity("urgent-data", "one octet", CLIENT),
        "S: 535 no",
        Gap(CLIENT, None, GapReason.NOT_LOGGED),
        client="app01",
        server="mail.corp.test",
    )
    said.label, said.facts = "08D0", {"connector": "EX01\\Default"}
    (read,) = again(said)
    assert (read.client, read.server) == (said.client, said.server)
    assert (read.label, read.facts) == ("08D0", {"connector": "EX01\\Default"})
    assert turns(read) == turns(said)
    assert [event.text for event in kinds(read, Note)] == ["*** LogonDenied я"]
    assert [(event.raw, event.meant) for event in kinds(read, Typed)] == [(b"a\x08b\xff", b"b")]
    assert [event.kind for event in kinds(read, Irregularity)] == ["urgent-data"]


def test_a_text_is_not_taken_for_a_capture() -> None:
    """The handshake, the times and the end that were made up for it are gone again."""
    said = dialogue("S: 220 a", "C: QUIT", "S: 221 b", client="app01", server="")
    said.server, said.time_ns = Endpoint("", 0), None
    said.origin = Origin("x", "telnet", time_basis=TimeBasis.NONE)
    for event in said.events:
        event.time_ns = None
    (read,) = again(said)
    assert read.server == Endpoint("", 0)
    assert read.time_ns is None
    assert read.origin.time_basis is TimeBasis.NONE
    assert {type(event) for event in read.events} == {Octets}
    assert {event.time_ns for event in read.events} == {None}


def test_ends_are_kept() -> None:
    """FIN and RST are what they were."""
    said = dialogue("S: 220 a", "C: QUIT", Close(SERVER, Closing.FIN), Close(CLIENT, Closing.RST))
    (read,) = again(said)
    assert [(event.side, event.how) for event in kinds(read, Close)] == [
        (SERVER, Closing.FIN), (CLIENT, Closing.RST)
    ]  # fmt: skip


def test_other_captures_pass_unchanged() -> None:
    """Their batches are the same objects."""
    batch = (dialogue("S: 220 a"), [Note("x")], True)
    assert [out is batch[1] for _, out, _ in marks.restore([batch], lambda: [(1, "no mark"), (2, "smtptrace: 1 x {}")])]


def test_damaged_marks_are_passed_over() -> None:
    """Whatever a hostile file has in them."""
    for text in ("{", "[" * 5000, '{"side": 1}', '{"certificate": 1}', '{"alert": "x"}', '"x"', "[]"):
        for kind in ("note", "gap", "typed", "octets", "irregularity"):
            assert pcapng.read_mark(f"smtptrace: 1 {kind} {text}") is None
    for text in ('{"certificate": 1}', '{"alert": "x"}', '{"octets_after_alert": "x"}', '{"offered": 1}', "{"):
        assert pcapng.read_mark(f"smtptrace: 1 secured {text}") is None
    assert pcapng.read_mark('smtptrace: 1 unknown {"a": 1}') is None


def test_several_connections_keep_apart() -> None:
    """Each has its own marks."""
    one = dialogue("S: 220 a", Note("one"), "C: QUIT", Note("late"))
    two = dialogue("S: 220 b", Note("two"), "C: QUIT", client="app02")
    read = again(one, two, one)
    assert [[event.text for event in kinds(each, Note)] for each in read] == [["one", "late"], ["two"], ["one", "late"]]


@given(connections())
def test_a_round_through_a_capture_changes_nothing(said: Connection) -> None:
    """Streams, gaps, order of turns, exactness and TLS, whatever was said."""
    (read,) = again(said)
    assert streams(read) == streams(said)
    assert turns(read) == turns(said)
    assert [event.text for event in kinds(read, Note)] == [event.text for event in kinds(said, Note)]
    assert (read.client, read.server, read.time_ns) == (said.client, said.server, said.time_ns)
    assert {side: any(event.side is side for event in kinds(read, Close)) for side in Side}
