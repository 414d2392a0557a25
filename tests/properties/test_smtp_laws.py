"""The laws of the dialogue: only the two streams decide what was said, and nothing makes the reader fail."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from support.dialogue import connection, interleaved, talk

from smtptrace.smtp import AuthExchange, DataExchange, Session, dialogue, read_session, replies
from smtptrace.smtp.conversation import Conversation
from smtptrace.smtp.pairing import Pairing
from smtptrace.wire import Gap, GapReason, Octets, Secured, Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER

_TALK = st.sampled_from(
    [
        (b"EHLO a\r\n", b"250-mx\r\n250-PIPELINING\r\n250 AUTH LOGIN PLAIN\r\n"),
        (b"HELO a\r\n", b"250 mx\r\n"),
        (b"LHLO a\r\n", b"250 mx\r\n"),
        (b"MAIL FROM:<a@b.test>\r\n", b"250 ok\r\n"),
        (b"mail from:<>\r\n", b"501 5.5.4 no\r\n"),
        (b"RCPT TO:<c@d.test>\r\n", b"250 ok\r\n"),
        (b"RCPT TO:<x@d.test>\r\n", b"550 no\r\n"),
        (b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n", b"354 go\r\n250 ok: queued as A1B2C3\r\n"),
        (b"DATA\r\nx\n.\nMAIL FROM:<evil@b.test>\r\ny\r\n.\r\n", b"354 go\r\n250 ok\r\n"),
        (b"DATA\r\nlf only\n.\n", b"354 go\r\n250 ok\r\n"),
        (b"DATA\r\na\nb\rc\r\n\rd\r\n.\r\n", b"354 go\r\n250 ok\r\n"),
        (b"DATA\r\n.\r\n", b"354 go\r\n550 no\r\n"),
        (b"DATA\r\n", b"503 no\r\n"),
        (b"BDAT 5\r\nQUIT\n", b"250 ok\r\n"),
        (b"BDAT 3 LAST\r\nabc", b"250 ok\r\n"),
        (b"BDAT x\r\n", b"501 no\r\n"),
        (b"AUTH PLAIN AGEAYg==\r\n", b"235 ok\r\n"),
        (b"AUTH LOGIN\r\nYQ==\r\nQUIT\r\n", b"334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n535 no\r\n"),
        (b"AUTH LOGIN\r\n*\r\n", b"334 VXNlcm5hbWU6\r\n501 no\r\n"),
        (b"AUTH CRAM-MD5\r\n", b"504 no\r\n"),
        (b"AUTH GSSAPI\r\n\r\n", b"334 \r\n235 ok\r\n\x00\x00\x00\x04abcd"),
        (b"STARTTLS\r\n", b"454 no\r\n"),
        (b"STARTTLS\r\n", b"220 go\r\n\x16\x03\x03\x00\x02ab"),
        (b"XEXCH50 4 2\r\nQUIT", b"354 go\r\n250 ok\r\n"),
        (b"RSET\r\n", b"250 ok\r\n"),
        (b"NOOP\r\n", b"250 ok\r\n"),
        (b"BOGUS\r\n", b"500 what\r\n"),
        (b"hel\x08\x08\x08HELO a\r\n", b"500 what\r\n"),
        (b"\xff\xfd\x03NOOP\r\0", b"421 bye\r\n"),
        (b"YWJjZA==\r\n", b"500 what\r\n"),
        (b"QUIT\r\n", b"221 bye\r\n"),
        (b"\r\n", b"500-what\r\n500 this\r\n"),
        (b"GET / HTTP/1.1\r\n", b"221 no\r\n"),
        (b"NOOP", b"250"),
        (b"", b"421 timeout\r\n"),
        (b"EHLO lost\r\n", b""),
        (b"", b"nonsense\r\n"),
        (b"\x16\x03\x01\x00\x04abcd", b"\x15\x03\x01\x00\x02\x02\x28"),
    ]
)
_OF_OCTETS = frozenset({"bare-lf", "bare-cr", "nul", "8-bit-command", "end-of-data-disagreement"})
"""Anomalies that say nothing of order."""

_GREETINGS = st.sampled_from([b"220 mx ESMTP\r\n", b"220-mx\r\n220 hello\r\n", b"554 no\r\n", b"", b"250 odd\r\n"])
_TURNS = st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 40)), max_size=60)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two streams that mostly keep to the protocol."""
    parts = draw(st.lists(_TALK, max_size=12))
    client = b"".join(part[0] for part in parts)
    server = draw(_GREETINGS) + b"".join(part[1] for part in parts)
    return client, server


def structure(read: Session) -> list[object]:
    """What the laws hold for: everything that is not about order and time."""
    said: list[object] = [read.greeting and read.greeting.code, read.extensions, read.helo, read.lmtp]
    for each in read.exchanges:
        row: list[object] = [
            each.command and (each.command.verb, each.command.raw, each.command.span.start, each.command.span.stop),
            [
                (reply.code, reply.lines, reply.span.start, reply.span.stop)
                for reply in each.replies or (each.reply,)
                if reply
            ],
        ]
        if isinstance(each, AuthExchange):
            row += [each.mechanism, each.initial, [r.response for r in each.rounds], each.cancelled]
        if isinstance(each, DataExchange):
            row += [each.intermediate and each.intermediate.code, content(each.content), content(each.whole)]
        said.append(row)
    said.append(
        sorted({(each.kind, each.span.start) for each in read.anomalies if each.kind in _OF_OCTETS and each.span})
    )
    for each in read.transactions:
        said.append(
            (
                each.reverse_path,
                [r.address for r in each.recipients],
                each.outcome,
                each.queue_id,
                content(each.content),
            )
        )
    return said


def content(each: object) -> object:
    """A content without the time and frame of its place."""
    if each is None:
        return None
    return (each.seen, each.missing, each.complete, each.sha256, each.head, each.span.start, each.span.stop)  # type: ignore[attr-defined]


@given(streams(), _TURNS, _TURNS)
def test_only_the_streams_decide(
    both: tuple[bytes, bytes], one: list[tuple[Side, int]], other: list[tuple[Side, int]]
) -> None:
    """However the octets are cut and mixed, the same was said."""
    whole = read_session(connection("", events=interleaved(*both, ())))
    for turns in (one, other):
        mixed = read_session(connection("", events=interleaved(*both, turns)))
        assert structure(mixed) == structure(whole)


@given(streams(), _TURNS)
def test_the_short_ways_lead_where_the_long_ones_do(both: tuple[bytes, bytes], turns: list[tuple[Side, int]]) -> None:
    """Plain lines and whole replies are read by one pattern each, and not looked at again; nothing else comes of it."""
    talked = connection("", events=interleaved(*both, turns))
    short = read_session(talked)
    with (
        patch.object(Conversation, "_plain", lambda _: None),
        patch.object(Pairing, "answered", lambda *_: False),
        patch.object(replies, "_WHOLE", re.compile(rb"(?!)")),
        patch.object(dialogue, "is_usual", lambda *_: False),
        patch.object(dialogue, "_HELD", 0),
    ):
        long = read_session(talked)
    assert structure(short) == structure(long)
    assert sorted(map(repr, short.anomalies)) == sorted(map(repr, long.anomalies))
    assert (short.complete, short.warnings) == (long.complete, long.warnings)
    assert (short.tls and short.tls.alert) == (long.tls and long.tls.alert)


@given(streams())
def test_octet_by_octet(both: tuple[bytes, bytes]) -> None:
    """Single octets, server first and client first, give what whole streams give."""
    client, server = both
    events = interleaved(client, server, ())
    single = [Octets(event.side, bytes([octet])) for event in events for octet in event.data]
    swapped = sorted(single, key=lambda event: -event.side)
    expected = structure(read_session(connection("", events=events)))
    assert structure(read_session(connection("", events=single))) == expected
    assert structure(read_session(connection("", events=swapped))) == expected


@given(streams(), _TURNS, st.integers(0, 200))
def test_a_prefix_gives_a_prefix_of_the_verbs(
    both: tuple[bytes, bytes], turns: list[tuple[Side, int]], keep: int
) -> None:
    """A dialogue that breaks off says the beginning of what the whole says, as long as no reply changes its meaning."""
    events = interleaved(*both, turns)
    whole = [verb for verb, _ in talk(read_session(connection("", events=events))) if verb]
    part = [verb for verb, _ in talk(read_session(connection("", events=events[:keep]))) if verb]
    assert part[: len(whole)] == whole[: len(part)] or _turned(both)


def _turned(both: tuple[bytes, bytes]) -> bool:
    """Whether the dialogue turns anywhere: there the missing reply of a prefix decides what the next octets are."""
    return any(word in both[0] for word in (b"DATA", b"AUTH", b"STARTTLS", b"XEXCH50"))


_ANY = st.one_of(
    st.builds(Octets, side=st.sampled_from(Side), data=st.binary(max_size=40), frame=st.integers(1, 99)),
    st.builds(Octets, side=st.sampled_from(Side), data=_TALK.map(lambda part: part[0]), frame=st.integers(1, 99)),
    st.builds(Octets, side=st.sampled_from(Side), data=_TALK.map(lambda part: part[1]), time_ns=st.integers(1, 99)),
    st.builds(
        Gap,
        side=st.sampled_from(Side),
        size=st.one_of(st.none(), st.integers(1, 50)),
        reason=st.sampled_from(GapReason),
        frame=st.integers(1, 99),
    ),
    st.builds(Secured, opened=st.booleans()),
)


@given(st.lists(_ANY, max_size=25))
def test_nothing_makes_it_fail(events: list[Octets | Gap | Secured]) -> None:
    """Any octets, gaps and marks in any order give a session, and no octet is counted twice."""
    read = read_session(connection("", events=events))
    sent = tuple(sum(len(e.data) for e in events if isinstance(e, Octets) and e.side is side) for side in Side)
    assert read.octets == sent
    assert read.complete is False or not any(isinstance(event, Gap) for event in events)
    for each in read.exchanges:
        assert each.command is not None or each.reply is not None or isinstance(each, DataExchange)


@settings(max_examples=30)
@given(streams(), st.integers(1, 3))
def test_feeding_in_steps_never_takes_back(both: tuple[bytes, bytes], size: int) -> None:
    """What was published once stays as it is."""
    from smtptrace.smtp import Dialogue

    events = interleaved(*both, [(Side(i % 2), size) for i in range(80)])
    dialogue = Dialogue(connection("", events=()))
    seen: list[tuple[str | None, int | None]] = []
    for event in events:
        dialogue.feed(event)
        dialogue.catch_up()
        now = talk(dialogue.session)
        assert now[: len(seen)] == seen
        seen = now
    assert talk(dialogue.finish())[: len(seen)] == seen
