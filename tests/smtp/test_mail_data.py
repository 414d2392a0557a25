"""The client's content: dots, bare line ends, gaps and counts."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.dialogue import connection, interleaved, masked, session, streams, talk

from smtptrace.smtp import DataExchange, Outcome, read_session
from smtptrace.wire import Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def one_content(read):
    (exchange,) = (each for each in read.exchanges if isinstance(each, DataExchange))
    assert exchange.content is not None
    return exchange.content


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (r".\r\n", b""),
        (r"..\r\n.\r\n", b".\r\n"),
        (r".a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
        (r"a\n.b\r\n.\r\n", b"a\nb\r\n"),
        (r"a.\r\n.b.\r\n.\r\n", b"a.\r\nb.\r\n"),
        (r"a\r.b\r\n.\r\n", b"a\r.b\r\n"),
        (r"a\r\n. \r\n.\r\n", b"a\r\n \r\n"),
    ],
)
def test_leading_dots_are_taken_away(sent, taken):
    """One dot goes after CRLF or LF, and only CRLF.CRLF ends the content, in whatever pieces it came."""
    script = "S: 220 hi\nC: DATA\nS: 354 go\nC> " + sent + "\nS: 250 ok\nC: QUIT\nS: 221 bye"
    client, server = streams(connection(script).events)
    for size in (1, 2, 3, 5, len(client)):
        events = interleaved(client, server, [(CLIENT, size)] * len(client))
        read = read_session(connection("", events=events), keep_content=True)
        assert talk(read) == [("DATA", 250), ("QUIT", 221)]
        content = one_content(read)
        assert (content.data, content.size) == (taken, len(taken))
        assert content.sha256 == sha256(taken).hexdigest()
        assert content.span.stop - content.span.start == len(client) - len("DATA\r\n.\r\nQUIT\r\n")


def test_bare_line_ends_in_the_content_are_told_once():
    """A lone LF and a lone CR are anomalies with their places."""
    read = session(r"S: 220 hi" "\n" r"C: DATA" "\n" r"S: 354 go" "\n" r"C> a\nb\nc\rd\r\n.\r\n" "\n" r"S: 250 ok")
    assert [(each.kind, each.span.start) for each in read.anomalies] == [("bare-lf", 7), ("bare-cr", 11)]


def test_as_many_lone_lf_as_lone_cr():
    """Hide neither, in whatever pieces they came."""
    script = "S: 220 hi\nC: DATA\nS: 354 go\nC> " r"a\nb\rc\r\n.\r\n" "\nS: 250 ok"
    client, server = streams(connection(script).events)
    for size in range(1, len(client) + 1):
        events = interleaved(client, server, [(CLIENT, size)] * len(client))
        read = read_session(connection("", events=events))
        assert [(each.kind, each.span.start) for each in read.anomalies] == [("bare-lf", 7), ("bare-cr", 9)]


def test_a_client_that_breaks_off_in_the_content():
    """What came is counted, and nothing is claimed of the rest."""
    read = session("S: 220 hi\nC: DATA\nS: 354 go\nC: half a mess\n-- close C rst")
    assert talk(read) == [("DATA", None)]
    content = one_content(read)
    assert (content.seen, content.complete, content.size, content.sha256) == (13, False, None, None)


def test_masked_content_has_no_digest():
    """Digests exist only over octets that were seen."""
    events = [*connection("S: 220 hi\nC: DATA\nS: 354 go").events, masked(CLIENT, b"****\r\n.\r\n")]
    content = one_content(read_session(connection("", events=events)))
    assert (content.complete, content.sha256) == (True, None)


def test_a_chunk_that_breaks_off():
    """Fewer octets than announced: incomplete."""
    read = session(r"S: 220 hi" "\n" r"C> BDAT 10 LAST\r\nabc")
    assert not one_content(read).complete


def test_a_gap_amid_the_content():
    """The content goes on behind it, marked with the octets that are missing."""
    read = session(r"""
        S: 220 hi
        C: DATA
        S: 354 go
        C> Subject: a\r\n\r\nabc
        -- gap C 50
        C> def\r\n.\r\n
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    content = read.exchanges[0].content
    assert (content.seen, content.missing, content.complete) == (22, 50, False)
    assert content.holes == ((17, 50),)


def test_a_gap_that_hides_the_end_of_the_content():
    """The reply came before the client went on, so the content was over."""
    read = session("""
        S: 220 hi
        C: DATA
        S: 354 go
        C: Subject: a
        -- gap C 500
        S: 250 ok: queued as 1234ABCD
        C: RSET
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("RSET", 250), ("QUIT", 221)]
    assert read.transactions[0].queue_id == "1234ABCD"
    assert read.transactions[0].outcome is Outcome.ACCEPTED


def test_a_lone_dot_behind_a_gap_ends_the_content():
    """It fills its frame, as clients send it."""
    read = session(r"S: 220 hi" "\nC: DATA\nS: 354 go\nC: a\n-- gap C 50\nC: .\nS: 250 ok\nC: NOOP\nS: 250 ok")
    assert talk(read) == [("DATA", 250), ("NOOP", 250)]


def test_a_content_that_a_log_leaves_out():
    """Nobody knows how long it was; the row behind it is a command again."""
    read = session("""
        S: 220 hi
        C: DATA
        S: 354 go
        -- gap C ? not-logged
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("DATA", 250), ("QUIT", 221)]
    assert read.exchanges[0].content.holes == ((0, None),)


def test_chunks_go_on_by_count_through_a_gap():
    """A sized gap counts; what follows is a command again."""
    read = session(r"""
        S: 220 hi
        C> BDAT 10 LAST\r\nabc
        -- gap C 5
        C> xyQUIT\r\n
        S: 250 ok
        S: 221 bye
    """)
    assert talk(read) == [("BDAT", 250), ("QUIT", 221)]
    content = read.exchanges[0].content
    assert (content.seen, content.missing, content.complete, content.holes) == (5, 5, False, ((3, 5),))


def test_a_chunk_that_a_log_leaves_out():
    """Its octets are not counted where nobody knows how many are missing."""
    read = session(r"""
        S: 220 hi
        C: BDAT 10 LAST
        -- gap C ? not-logged
        S: 250 ok
        C: QUIT
        S: 221 bye
    """)
    assert talk(read) == [("BDAT", 250), ("QUIT", 221)]
