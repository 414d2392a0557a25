"""What a mail server wrote about a session tells what the packets of that session show, but for what it hides.

captures/make/servers.py recorded both at once.
"""

from __future__ import annotations

from datetime import UTC

import pytest
from support.data import CAPTURES

from smtptrace import transcripts
from smtptrace.smtp import AuthExchange, Exchange, Session, read_session
from smtptrace.trace import read
from smtptrace.transcripts import DIALECTS

NAMES = (
    "postfix-smtpd-verbose",
    "postfix-smtp-verbose",
    "postfix-bounce",
    "exim-verbose",
    "exim-debug",
    "exim-debug-server",
)
DATED = ("postfix-smtpd-verbose", "postfix-smtp-verbose")
CLOCKED = ("exim-debug", "exim-debug-server")
SECOND_NS = 10**9


def written(name: str) -> Session:
    """The only session of the text."""
    text = (CAPTURES / "text" / f"{name}.txt").read_bytes()
    (connection,) = transcripts.read(text, zone=UTC, year=2026)
    return read_session(connection)


def captured(name: str) -> Session:
    """The only session of its recording."""
    (trace,) = read(str(CAPTURES / "text" / f"{name}.pcapng"))
    return trace.session


def hides(session: Session) -> frozenset[str]:
    """What the dialect of a text does not show."""
    declared: frozenset[str] = DIALECTS[session.connection.origin.format].HIDES
    return declared


def argument(exchange: Exchange, hidden: frozenset[str]) -> bytes | None:
    """The argument of its command; of AUTH the mechanism alone where credentials are hidden."""
    if isinstance(exchange, AuthExchange) and "credentials" in hidden:
        return exchange.mechanism.encode()
    return exchange.command.argument if exchange.command else None


def commands(session: Session, hidden: frozenset[str]) -> list[tuple[str | None, bytes | None]]:
    """Verb and argument of each exchange."""
    return [(each.command.verb if each.command else None, argument(each, hidden)) for each in session.exchanges]


def replies(session: Session, hidden: frozenset[str]) -> list[tuple[int, tuple[bytes, ...]] | None]:
    """Code and texts of each exchange; not of QUIT where the end is hidden."""
    return [
        (each.reply.code, each.reply.texts) if each.reply else None
        for each in session.exchanges
        if "closing" not in hidden or each.command is None or each.command.verb != "QUIT"
    ]


def times(session: Session) -> list[int]:
    """When each command was sent, nanoseconds."""
    stamps = [each.command.span.time_ns for each in session.exchanges if each.command]
    return [stamp for stamp in stamps if stamp is not None]


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_replies(name: str) -> None:
    """The same verbs and arguments, codes and texts, and the same greeting."""
    session, wire = written(name), captured(name)
    hidden = hides(session)
    assert commands(session, hidden) == commands(wire, hidden)
    assert replies(session, hidden) == replies(wire, hidden)
    assert session.greeting.lines == wire.greeting.lines


@pytest.mark.parametrize("name", NAMES)
def test_logins(name: str) -> None:
    """The same mechanism and challenges, and the same responses unless they are hidden."""
    session, wire = written(name), captured(name)
    (told,), (sent,) = session.authentications, wire.authentications
    assert told.mechanism == sent.mechanism
    assert [each.challenge.texts for each in told.rounds] == [each.challenge.texts for each in sent.rounds]
    if "credentials" not in hides(session):
        assert told.initial == sent.initial
        assert [each.response for each in told.rounds] == [each.response for each in sent.rounds]


@pytest.mark.parametrize("name", NAMES)
def test_transactions(name: str) -> None:
    """The same sender, recipients and outcome; the content is not shown."""
    session, wire = written(name), captured(name)
    assert [
        (each.reverse_path, [(to.address, to.accepted) for to in each.recipients], each.outcome, each.queue_id)
        for each in session.transactions
    ] == [
        (each.reverse_path, [(to.address, to.accepted) for to in each.recipients], each.outcome, each.queue_id)
        for each in wire.transactions
    ]


@pytest.mark.parametrize("name", NAMES)
def test_endpoints(name: str) -> None:
    """Who is named is who it was: a server tells of the client's address, a client of the server's and its port."""
    told, wire = written(name).connection, captured(name).connection
    serves = name in ("postfix-smtpd-verbose", "exim-debug-server")
    named = {} if "endpoints" in hides(written(name)) else {"client" if serves else "server"}
    assert {side for side in ("client", "server") if getattr(told, side).host} == set(named)
    assert not serves or told.client.host == wire.client.host
    assert "server" not in named or told.server == wire.server


@pytest.mark.parametrize("name", DATED)
def test_dates(name: str) -> None:
    """A stamp without zone and year is right to the second once both are given."""
    told, sent = times(written(name)), times(captured(name))
    assert len(told) == len(sent)
    assert all(abs(one - other) <= SECOND_NS for one, other in zip(told, sent, strict=True))


@pytest.mark.parametrize("name", CLOCKED)
def test_clocks(name: str) -> None:
    """A time of day without a date counts from the first, to the second."""
    told, sent = times(written(name)), times(captured(name))
    assert len(told) == len(sent)
    assert all(abs(one - told[0] - (other - sent[0])) <= SECOND_NS for one, other in zip(told, sent, strict=True))
