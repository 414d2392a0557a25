"""Where the server saw a content end, by its replies."""

from __future__ import annotations

import pytest
from support.dialogue import connection, session, talk

from smtptrace.smtp import DataExchange, read_session
from smtptrace.wire import Octets, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def kinds(read):
    return [anomaly.kind for anomaly in read.anomalies]


def one_content(read):
    (exchange,) = (each for each in read.exchanges if isinstance(each, DataExchange))
    assert exchange.content is not None
    return exchange.content


@pytest.mark.parametrize("end", [r"\n.\n", r"\n.\r\n", r"\r\n.\n", r"\r.\r", r"\r\n.\r"])
def test_an_odd_end_that_the_server_took_ends_the_content(end):
    """It answered, and the client goes on with commands: the evidence counts, and is told."""
    read = session(rf"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> Subject: x{end}
        S: 250 ok queued as 12345678
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert one_content(read).complete
    told = [each.detail for each in read.anomalies if each.kind == "end-of-data-disagreement"]
    assert len(told) == 1
    assert "the server took" in told[0]


def test_an_odd_end_with_nothing_behind_it():
    """Where the stream stops there and the server said 250, it was the end."""
    read = session(r"S: 220 hi" "\n" r"C: DATA" "\n" r"S: 354 go" "\n" r"C> x\n.\n" "\n" r"S: 250 ok")
    assert one_content(read).complete
    read = session(r"S: 220 hi" "\n" r"C: DATA" "\n" r"S: 354 go" "\n" r"C> x\n.\n" "\n" r"S: 421 timeout")
    assert not one_content(read).complete


def test_an_odd_end_that_the_server_did_not_take():
    """Only one reply came: the commands behind it are content, and the form is still told."""
    read = session(r"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> a\n.\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nb\r\n.\r\n
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert kinds(read).count("end-of-data-disagreement") == 1
    assert one_content(read).size == 57


def test_smuggled_commands_that_the_server_answered():
    """More replies than the true end explains: the server saw a second message."""
    read = session(r"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> a\n.\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nb\r\n.\r\n
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 354 go
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("MAIL", 250), ("RCPT", 250), ("DATA", 250), ("QUIT", 221)]
    assert [each.reverse_path for each in read.transactions] == [b"", b"evil@x.test"]


def test_a_long_content_with_odd_ends_is_not_held():
    """Beyond 1 MiB the question is decided by what is known, and the content goes on."""
    script = "S: 220 hi\nC: DATA\nS: 354 go"
    events = [*connection(script).events, Octets(CLIENT, b"a\n.\nQUIT\r\n")]
    events += [Octets(CLIENT, b"x" * 65534 + b"\r\n") for _ in range(20)]
    events += [Octets(CLIENT, b".\r\nQUIT\r\n"), Octets(SERVER, b"250 ok\r\n221 bye\r\n")]
    read = read_session(connection("", events=events))
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert one_content(read).size == 20 * 65536 + 9


def test_times_stand_in_for_frames():
    """Texts may have times and no line numbers."""
    events = connection("S: 220 hi\nC: EHLO a\n-- gap S 100\nC: NOOP\nS: 250 ok").events
    for event in events:
        event.frame = None
    assert talk(read_session(connection("", events=events))) == [("EHLO", None), ("NOOP", 250)]
    for event in events:
        event.time_ns = None
    assert talk(read_session(connection("", events=events)))[-1] == ("NOOP", 250)
