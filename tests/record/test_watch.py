"""What a relay understands of SMTP while octets pass."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtptrace.record import watch
from smtptrace.record.watch import Tally, Turn, Watch
from smtptrace.wire import Side

GREETING = "S: 220 mx"
SENT = ("C: MAIL FROM:<a@b>", "S: 250 ok", "C: RCPT TO:<c@d>", "S: 250 ok", "C: DATA", "S: 354 go")


def octets(line: str) -> bytes:
    """What a line of a script says, `|` being a line end within it."""
    return line[3:].replace("|", "\r\n").encode() + b"\r\n"


def watched(*lines: str) -> tuple[Watch, list[Turn], list[int | None]]:
    """A watch after a script, what each line of the server brought about, and where the client's asked for TLS."""
    found = Watch(Tally())
    turns, stops = [], []
    for line in lines:
        if line.startswith("S: "):
            turns.append(found.server(octets(line)))
        else:
            stops.append(found.client(octets(line)))
    return found, turns, stops


def test_a_message_is_accepted():
    """The reply to the content says so, and no other."""
    found, turns, stops = watched(GREETING, "C: EHLO a", "S: 250-mx|250 HELP", *SENT, "C: hi|.", "S: 250 taken")
    assert [turn.accepted for turn in turns] == [False] * 5 + [True]
    assert stops == [None] * 5
    assert (found.tally.messages, found.tally.refused) == (1, 0)


@pytest.mark.parametrize(
    ("lines", "messages", "refused"),
    [
        ((*SENT, "C: .", "S: 554 no"), 0, 1),
        ((*SENT[:4], "C: DATA", "S: 503 no", "C: NOOP", "S: 250 ok"), 0, 0),
        (("C: MAIL FROM:<a@b>|RCPT TO:<c@d>|DATA", "S: 250 ok|250 ok|354 go", "C: x|.", "S: 250 ok"), 1, 0),
        ((*SENT, "C: x|.|MAIL FROM:<e@f>|QUIT", "S: 250 taken|250 ok|221 bye"), 1, 0),
        (("C: BDAT 4|xy|BDAT 2 LAST|", "S: 250 ok|250 taken"), 1, 0),
        (("C: BDAT 2 LAST|zQUIT", "S: 250 taken|221 bye"), 1, 0),
        (("C: BDAT what", "S: 501 no", "C: BDAT 0 LAST", "S: 250 taken"), 1, 0),
        ((*SENT, "C: x\n.", "S: 250 taken", *SENT, "C: y|.", "S: 250 taken"), 2, 0),
        (("C: PROXY TCP4 192.0.2.1 192.0.2.2 1 25|EHLO a", "S: 250 mx", *SENT, "C: .", "S: 250 taken"), 1, 0),
        (("C: XEXCH50 4 2", "S: 354 go", "C: ab", "S: 250 ok", *SENT, "C: .", "S: 250 ok"), 1, 0),
        (("C: XEXCH50 0 2", "S: 354 go", *SENT, "C: .", "S: 250 ok"), 1, 0),
        (("S: 250 unasked", *SENT, "C: .", "S: garbage|250 taken"), 1, 0),
    ],
)
def test_messages_are_counted(lines, messages, refused):
    """However the octets come, and whatever else is said."""
    found, *_ = watched(GREETING, *lines)
    assert (found.tally.messages, found.tally.refused) == (messages, refused)


def test_replies_for_each_recipient():
    """LMTP answers once for each recipient that was accepted, PRDR once more for the whole."""
    to = ("C: RCPT TO:<c@d>", "S: 250 ok", "C: RCPT TO:<e@f>", "S: 250 ok", "C: RCPT TO:<g@h>", "S: 550 no")
    start = ("C: LHLO a", "S: 250 mx", "C: MAIL FROM:<a@b>", "S: 250 ok", *to, "C: DATA", "S: 354 go", "C: .")
    found, *_ = watched(GREETING, *start, "S: 250 taken|450 later", "C: NOOP", "S: 250 ok")
    assert (found.tally.messages, found.tally.refused) == (1, 1)
    start = ("C: EHLO a", "S: 250 mx", "C: MAIL FROM:<a@b>", "S: 250 ok", *to, "C: DATA", "S: 354 go", "C: .")
    found, *_ = watched(GREETING, *start, "S: 353 each|250 taken|550 no|250 taken", "C: NOOP", "S: 250 ok")
    assert (found.tally.messages, found.tally.refused) == (2, 1)


@pytest.mark.parametrize(("said", "stop"), [("STARTTLS", 10), ("starttls |EHLO x", 11), ("EHLO a|STARTTLS|NOOP", 18)])
def test_where_tls_is_asked_for(said, stop):
    """Behind the line; what follows is not looked at."""
    found, _, stops = watched(GREETING, f"C: {said}")
    assert stops == [stop]
    assert found.asks_tls


def test_tls_begins_behind_a_220():
    """Anything else refuses it, and the dialogue goes on."""
    found, turns, _ = watched(GREETING, "C: STARTTLS", "S: 454 later", "C: STARTTLS", "S: 220-two|220 lines|xx")
    assert [turn.tls for turn in turns] == [None, None, 20]
    assert turns[-1].verb == "STARTTLS"
    found.secured()
    assert found.client(b"EHLO a\r\n") is None
    assert found.server(b"250 mx\r\n") == Turn()
    assert found.client(b"STARTTLS\r\n") == 10


def test_a_220_answers_nothing_else():
    """Where the server left a command without a reply, TLS begins nonetheless."""
    _, turns, _ = watched(GREETING, "C: XYZZY|STARTTLS", "S: 220 go")
    assert turns[-1].tls == 8


def test_a_word_in_a_content_is_none():
    """Nor is it one in a login, or in a chunk."""
    _, _, stops = watched(GREETING, *SENT, "C: STARTTLS|.", "S: 250 ok", "C: BDAT 10|STARTTLS", "S: 250 ok")
    assert not any(stops)
    _, _, stops = watched(GREETING, "C: AUTH LOGIN", "S: 334 x", "C: STARTTLS", "S: 334 y", "C: STARTTLS", "S: 535 no")
    assert not any(stops)


def test_a_login_that_is_refused():
    """Comes with all its lines, and does not show them."""
    lines = ("C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: YWxpY2U=", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0", "S: 535 no")
    found, turns, _ = watched(GREETING, *lines, "C: AUTH PLAIN AGEAYg==", "S: 235 ok", "C: AUTH", "S: 501 no")
    login = turns[3].failed
    assert login
    assert login.lines == [(Side.CLIENT if line[0] == "C" else Side.SERVER, octets(line)) for line in lines]
    assert "YWxp" not in repr(login)
    assert found.tally.logins == [("LOGIN", 535), ("PLAIN", 235), ("", 501)]


def test_what_is_sent_too_early_waits_for_its_meaning():
    """A response before its challenge, a content before its 354."""
    found, *_ = watched(GREETING, "C: AUTH LOGIN|YQ==|Yg==|MAIL FROM:<a@b>", "S: 334 x|334 y|235 ok|250 ok")
    assert found.tally.logins == [("LOGIN", 235)]
    found, *_ = watched(GREETING, "C: DATA|x|.|QUIT", "S: 354 go|250 taken|221 bye")
    assert found.tally.messages == 1


@pytest.mark.parametrize(
    "lines",
    [
        ("C: \x16\x03\x01",),
        ("C: ||\0|QUIT\n",),
        ("C: TURN", "S: 250 ok"),
        ("C: DATA|STARTTLS", "S: 503 no"),
        ("C: DATA|" + "x" * watch.MOST_HELD,),
        ("C: " + "|" * (watch.MOST_PENDING + 1),),
    ],
)
def test_what_cannot_be_watched(lines):
    """TLS from the first octet, a binary PROXY header, changed parts, a STARTTLS that has passed already, floods."""
    found, *_ = watched(GREETING, *lines)
    assert found.blind
    assert found.client(b"STARTTLS\r\n") is None
    assert found.server(b"220 go\r\n") == Turn()
    assert not found.between_replies


def test_between_replies():
    """Not within a line, nor between the lines of one reply."""
    found = Watch(Tally())
    assert found.between_replies
    for said, between in ((b"220-m", False), (b"x\r\n", False), (b"220 mx\r\n", True), (b"250 ", False)):
        found.server(said)
        assert found.between_replies is between


def test_a_long_line_is_no_burden():
    """Only its beginning is kept, on both sides."""
    found = Watch(Tally())
    for _ in range(5):
        found.client(b"x" * watch.MOST_LINE)
        found.server(b"2" * watch.MOST_LINE)
    assert len(found._line) == len(found._reply) == watch.MOST_LINE


WHOLE = (
    "S: 220 mx",
    "C: EHLO a",
    "S: 250-mx|250 AUTH",
    "C: AUTH LOGIN",
    "S: 334 x",
    "C: YQ==",
    "S: 334 y",
    "C: Yg==",
    "S: 535 no",
    "C: MAIL FROM:<a@b>|RCPT TO:<c@d>|DATA",
    "S: 250 ok|250 ok|354 go",
    "C: one|..|STARTTLS|.|BDAT 6|ab||BDAT 3 LAST|x",
    "S: 250 taken|250 ok|250 taken",
    "C: STARTTLS",
)


@given(st.lists(st.integers(1, 200), max_size=40))
def test_pieces_do_not_matter(cuts):
    """However the octets are cut, the same is seen."""
    found = Watch(Tally())
    stop = None
    for line in WHOLE:
        data = octets(line)
        edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
        for start, end in pairwise(edges):
            if line[0] == "S":
                assert found.server(data[start:end]).tls is None
            else:
                stop = found.client(data[start:end])
    assert stop is not None
    assert found.asks_tls
    assert found.tally == Tally(2, 0, [("LOGIN", 535)])
