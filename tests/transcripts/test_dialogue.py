"""`C:` and `S:`: as people write it, and as smtptrace writes it octet by octet."""

from __future__ import annotations

import pytest
from support.told import connections, exchanges, told

from smtptrace.transcripts.dialogue import write
from smtptrace.wire import Close, Exactness, Gap, Octets, Secured, Side, TimeBasis, Typed


def test_as_in_the_rfcs() -> None:
    """Marks, notes between them, masked secrets."""
    text = "S: 220 hi\nC: AUTH PLAIN ********\nS: 334 ********\nC: ********\n(pause)\nS: 535 no\n"
    assert told(text, notes=True) == [
        "S: 220 hi",
        "C: AUTH PLAIN ******** (masked)",
        "S: 334 ******** (masked)",
        "C: ******** (masked)",
        "note: (pause)",
        "S: 535 no",
    ]


def test_client_and_server_spelled_out() -> None:
    """Words instead of letters."""
    assert exchanges("C: EHLO a\nS: 250-x\nS: 250 y\nC: QUIT\nS: 221 z\n") == ["EHLO 250, QUIT 221"]


FORM = """\
# session: one
# client: 10.0.0.5:50011
# server: [::1]:25
# fact: connector=EX\\\\Default
# time: 2026-01-02T03:04:05.123456789Z
S: 220 hi
# expect: 250
C: EHLO a\\x08b
C: no end\\
# gap: client 12 lost
# gap: server ? not-logged
# exactness: masked
C: ${PASSWORD}
# exactness: seen
# tls: opened=yes version=TLSv1.3 cipher=X
# typed: "raw" "meant"
# close: server fin
# note: two\\x0alines
# somebody's remark
"""


def test_every_mark_of_the_form() -> None:
    """Escapes, missing line ends, gaps, TLS, keys, ends, placeholders: each is what the grammar says."""
    (connection,) = connections(FORM)
    said = [event for event in connection.events if isinstance(event, Octets)]
    assert [event.data for event in said] == [b"220 hi\r\n", b"EHLO a\bb\r\n", b"no end", b"${PASSWORD}\r\n"]
    assert [event.exactness for event in said][2:] == [Exactness.SEEN, Exactness.MASKED]
    assert said[0].time_ns == 1_767_323_045_123_456_789
    assert connection.origin.time_basis is TimeBasis.UTC
    assert (str(connection.client), str(connection.server), connection.label) == ("10.0.0.5:50011", "[::1]:25", "one")
    assert connection.facts == {"connector": "EX\\Default"}
    gaps = [(event.side, event.size) for event in connection.events if isinstance(event, Gap)]
    assert gaps == [(Side.CLIENT, 12), (Side.SERVER, None)]
    assert [type(event) for event in connection.events[-4:-1]] == [Secured, Typed, Close]
    assert "note: two\nlines" in told(FORM, notes=True)
    assert "note: expect: 250" in told(FORM, notes=True)


def test_written_again_it_is_the_same() -> None:
    """What was read is written as it stood, remarks of people aside."""
    (connection,) = connections(FORM)
    again = connections(write(connection))[0]
    assert write(again) == write(connection)
    assert [type(event) for event in again.events] == [type(event) for event in connection.events]


def test_several_sessions() -> None:
    """`# session:` begins the next one."""
    assert exchanges("# session: a\nC: QUIT\nS: 221 x\n# session: b\nC: NOOP\nS: 250 y\n") == ["QUIT 221", "NOOP 250"]


@pytest.mark.parametrize(
    "comment",
    [
        "# gap: nobody 3 lost",
        "# gap: client",
        "# close: x",
        "# typed: x",
        "# certificate: {",
        "# certificate: []",
        "# irregular: client",
        "# time: yesterday",
        "# times: x",
        "# exactness: x",
        "# client: ???",
        "# tls: ",
        "# open: x",
    ],
)
def test_damaged_comments_are_harmless(comment: str) -> None:
    """A comment that is none of the grammar changes nothing that was said."""
    text = f"# session: x\n{comment}\nS: 220 hi\nC: QUIT\n"
    assert [line for line in told(text) if line[:2] in ("C:", "S:")] == ["S: 220 hi", "C: QUIT"]


def test_html_and_quotes_in_a_message_stay() -> None:
    """Our own text is taken as it is: nothing is unescaped, unquoted or joined."""
    body = "<br>&lt;b&gt;> > 250 ok```"
    assert told(f"# session: x\nC: {body}\n") == [f"C: {body}"]


def test_stage_directions() -> None:
    """What people write in brackets in place of a command is a note; in a message it is text."""
    text = (
        "S: <wait for connection>\nC: (connects)\nS: 220 hi\nC: DATA\nS: 354 go\nC: (see below)\nC: .\nS: 250 ok\n"
        "C: <and so on>\n"
    )
    assert told(text) == ["S: 220 hi", "C: DATA", "S: 354 go", "C: (see below)", "C: .", "S: 250 ok"]


def test_a_chunk_without_a_line_end() -> None:
    """BDAT counts octets; the line end is not among them where the count leaves no room for it."""
    text = "S: 220 hi\nC: BDAT 5 LAST\nC: hello\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    assert exchanges(text) == ["BDAT 250, QUIT 221"]
    assert exchanges(text.replace("BDAT 5", "BDAT 7")) == ["BDAT 250, QUIT 221"]
