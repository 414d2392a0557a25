"""What a tool wrote about a session tells what the packets of that session show, but for what its dialect hides.

captures/make/transcripts.py and servers.py recorded both at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import UTC
from functools import cache
from pathlib import Path

import pytest
from support.data import CAPTURES

from smtptrace import transcripts
from smtptrace.smtp import AuthExchange, Exchange, Session, read_session
from smtptrace.trace import Options, Reading
from smtptrace.transcripts import DIALECTS

TEXT = CAPTURES / "text"
INDEX = tomllib.loads((TEXT / "INDEX.toml").read_text("utf-8"))
TYPED_AT_ONCE = "putty-negotiation.txt"
"""Its first line went out behind telnet's own octets, of which PuTTY shows none."""
UNTIMED = ("aiosmtplib-error.txt", "curl-trace-ascii-starttls.txt", "exim-verbose.txt", "phpmailer-error-log.txt")
"""Texts without times, in dialects that may show them."""
SECOND_NS = 10**9


def recording(name: str) -> Path:
    """The packets of a text."""
    return TEXT / INDEX[name].get("recording", Path(name).with_suffix(".pcapng").name)


NAMES = sorted(
    name for name in INDEX if recording(name).exists() and INDEX[name]["dialect"] != "bare" and name != TYPED_AT_ONCE
)


@cache
def written(name: str) -> tuple[Session, ...]:
    """The sessions of the text."""
    found = transcripts.read((TEXT / name).read_bytes(), zone=UTC, year=2026)
    return tuple(read_session(connection, keep_content=True) for connection in found)


@cache
def captured(path: Path, *, opened: bool) -> tuple[Session, ...]:
    """The sessions of its recording."""
    keys = path.with_suffix(".keys")
    options = Options(keylog=str(keys) if keys.exists() and opened else None, keep_content=True)
    return tuple(trace.session for trace in Reading((str(path),), options))


def pairs(name: str) -> Iterable[tuple[Session, Session, frozenset[str]]]:
    """Each session as it was written and as it was captured, with what its dialect hides."""
    told = written(name)
    opened = "recording" not in INDEX[name]
    sent = captured(recording(name), opened=opened)[: 1 if INDEX[name]["dialect"].startswith("follow") else None]
    assert len(told) == len(sent)
    for one, other in zip(told, sent, strict=True):
        yield one, other, DIALECTS[one.connection.origin.format].HIDES


def shown(session: Session, hidden: frozenset[str]) -> list[Exchange]:
    """The exchanges that a text with this much hidden can show."""
    return [
        each
        for each in session.exchanges
        if "closing" not in hidden or each.command is None or each.command.verb != "QUIT"
    ]


def command(exchange: Exchange, hidden: frozenset[str]) -> tuple[str | None, bytes] | None:
    """Verb and argument of an exchange; of AUTH the mechanism alone where credentials are hidden."""
    if exchange.command is None:
        return None
    if isinstance(exchange, AuthExchange) and "credentials" in hidden:
        return exchange.command.verb, (exchange.mechanism or "").encode()
    return exchange.command.verb, exchange.command.argument


def reply(exchange: Exchange) -> tuple[int, tuple[bytes, ...]] | None:
    """Code and texts of an exchange."""
    return (exchange.reply.code, exchange.reply.texts) if exchange.reply else None


def is_part(some: Iterable[object], whole: Iterable[object]) -> bool:
    """Whether the items of one stand in the other, in the same order."""
    rest = iter(whole)
    return all(item in rest for item in some)


def reply_ends(session: Session) -> list[tuple[int, bytes]]:
    """Code and last text of each reply and challenge: of one that is shown in part, the end is."""
    rounds = ((each.rounds if isinstance(each, AuthExchange) else (), each.reply) for each in session.exchanges)
    said = (reply for steps, final in rounds for reply in (*(step.challenge for step in steps), final))
    return [(each.code, each.texts[-1]) for each in said if each]


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_replies(name: str) -> None:
    """The same verbs and arguments, codes and texts; in the same order where some are hidden."""
    for told, sent, hidden in pairs(name):
        asked = [command(each, hidden) for each in shown(told, hidden)]
        answered = [reply(each) for each in shown(told, hidden)]
        on_wire = [command(each, hidden) for each in shown(sent, hidden)]
        if "commands" in hidden:
            assert is_part(filter(None, asked), on_wire)
            assert is_part(reply_ends(told), reply_ends(sent))
        else:
            assert asked == on_wire
            assert [
                reply(each) if one or "replies" not in hidden else None
                for one, each in zip(answered, shown(sent, hidden), strict=True)
            ] == answered


@pytest.mark.parametrize("name", NAMES)
def test_greeting(name: str) -> None:
    """The same greeting, where it is shown."""
    for told, sent, hidden in pairs(name):
        if told.greeting or "greeting" not in hidden:
            assert told.greeting
            assert sent.greeting
            assert told.greeting.texts == sent.greeting.texts


@pytest.mark.parametrize("name", NAMES)
def test_logins(name: str) -> None:
    """The same mechanisms and challenges, and the same responses unless they are hidden."""
    for told, sent, hidden in pairs(name):
        if "commands" in hidden and not told.authentications:
            continue
        assert [each.mechanism for each in told.authentications] == [each.mechanism for each in sent.authentications]
        for one, other in zip(told.authentications, sent.authentications, strict=True):
            if "credentials" not in hidden:
                assert one.initial == other.initial
                assert [(each.challenge and each.challenge.texts, each.response) for each in one.rounds] == [
                    (each.challenge and each.challenge.texts, each.response) for each in other.rounds
                ]


@pytest.mark.parametrize("name", NAMES)
def test_transactions(name: str) -> None:
    """The same senders, recipients and outcomes; the same content unless it is hidden."""
    for told, sent, hidden in pairs(name):
        if "commands" in hidden and not told.transactions:
            continue
        assert [
            (each.reverse_path, [(to.address, to.accepted) for to in each.recipients], each.outcome, each.queue_id)
            for each in told.transactions
        ] == [
            (each.reverse_path, [(to.address, to.accepted) for to in each.recipients], each.outcome, each.queue_id)
            for each in sent.transactions
        ]
        for one, other in zip(told.transactions, sent.transactions, strict=True):
            whole = one.content and one.content.complete
            assert whole or "content" in hidden or not other.content
            assert not whole or one.content.data == other.content.data


@pytest.mark.parametrize("name", NAMES)
def test_octets(name: str) -> None:
    """Octet by octet the same, where line ends are shown."""
    for told, sent, hidden in pairs(name):
        if "line-ends" not in hidden:
            assert [
                (each.command and each.command.raw, each.reply and each.reply.lines) for each in told.exchanges
            ] == [(each.command and each.command.raw, each.reply and each.reply.lines) for each in sent.exchanges]


@pytest.mark.parametrize("name", NAMES)
def test_tls(name: str) -> None:
    """TLS begins at the same place, and what is told of it is right; it is found even where it is not shown."""
    for told, sent, _ in pairs(name):
        assert [(each.tls, reply(each)) for each in told.exchanges if each.reply and each.tls] == [
            (each.tls, reply(each)) for each in sent.exchanges if each.reply and each.tls and told.tls
        ][: sum(each.tls for each in told.exchanges if each.reply)]
        if told.tls:
            assert sent.tls
            assert told.tls.implicit == sent.tls.implicit
            assert told.tls.version in (None, sent.tls.version)
            assert told.tls.cipher in (None, sent.tls.cipher)


@pytest.mark.parametrize("name", NAMES)
def test_endpoints(name: str) -> None:
    """Who is named is who it was, with the port where it is told."""
    for told, sent, _ in pairs(name):
        for one, other in (
            (told.connection.client, sent.connection.client),
            (told.connection.server, sent.connection.server),
        ):
            assert one.host in ("", other.host, "localhost")
            assert one.port in (0, other.port)


@pytest.mark.parametrize("name", NAMES)
def test_times(name: str) -> None:
    """A stamp is right to the second, once its zone and year are given; one without a date counts from the first."""
    for told, sent, hidden in pairs(name):
        stamps = [each.command.span.time_ns for each in shown(told, hidden) if each.command]
        clock = [each.command.span.time_ns for each in shown(sent, hidden) if each.command]
        if not any(stamps) and ("times" in hidden or name in UNTIMED):
            continue
        known = [
            (one, other) for one, other in zip(stamps, clock, strict=True) if one is not None and other is not None
        ]
        assert known
        since, began = (0, 0) if abs(known[0][0] - known[0][1]) < 3600 * SECOND_NS else known[0]
        assert all(abs((one - since) - (other - began)) <= SECOND_NS for one, other in known)


def test_what_telnet_negotiates_is_not_shown() -> None:
    """PuTTY's telnet sends its options before the first line, which is refused; the log shows the line alone."""
    (told,), (sent,) = written(TYPED_AT_ONCE), captured(recording(TYPED_AT_ONCE), opened=True)
    assert told.exchanges[0].command
    assert sent.exchanges[0].command
    assert sent.exchanges[0].command.raw.endswith(told.exchanges[0].command.raw)
    assert reply(told.exchanges[0]) == reply(sent.exchanges[0])
    rest = [[command(each, frozenset()) for each in one.exchanges[1:]] for one in (told, sent)]
    assert rest[0] == rest[1]
    assert list(map(reply, told.exchanges)) == list(map(reply, sent.exchanges))
    assert "telnet-negotiation" in {each.kind for each in sent.anomalies}
