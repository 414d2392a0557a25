"""What the patterns need of one session: small, so that very many fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from sys import intern

from smtptrace.auth import AuthOutcome, Credential, Exposure
from smtptrace.secret import Secret
from smtptrace.smtp import Outcome, Session, Transaction
from smtptrace.wire import Origin, Side, Span


@dataclass(slots=True)
class LoginRow:
    """One login attempt: `secret` is its name within the run, None where it differs each time by design."""

    time_ns: int | None
    user: str
    mechanism: str
    secret: str | None
    accepted: bool
    refused: bool
    tls: bool
    frame: int | None


@dataclass(slots=True)
class MessageRow:
    """One mail transaction: `user` of the login it ran under, "" for none."""

    time_ns: int | None
    user: str
    sender: str
    recipients: int
    refused: int
    accepted: bool
    frame: int | None


@dataclass(slots=True)
class SessionRow:
    """One session as the patterns see it."""

    id: str
    file: str
    time_ns: int | None
    client: str
    server: str
    helo: str
    tls: str
    connector: str
    logins: tuple[LoginRow, ...] = ()
    messages: tuple[MessageRow, ...] = ()


def row_of(
    session: Session, credentials: Sequence[Credential], name: str, secret_id: Callable[[Secret | None], str | None]
) -> SessionRow:
    """The row of a session; `name` is its id and `secret_id` names equal secrets equally within a run."""
    connection = session.connection
    logins = tuple(_login(each, secret_id, connection.origin) for each in credentials)
    return SessionRow(
        id=name,
        file=connection.origin.locate(connection.number)[0],
        time_ns=session.start_ns,
        client=intern(connection.client.host),
        server=intern(str(connection.server)),
        helo=intern((session.helo or b"").decode("utf-8", "replace")[:255]),
        tls=_tls(session),
        connector=connection.facts.get("connector", ""),
        logins=logins,
        messages=tuple(_message(each, credentials, connection.origin) for each in session.transactions),
    )


def _tls(session: Session) -> str:
    if session.tls is None:
        return "none"
    return session.tls.version or ("TLS" if session.tls.opened or session.tls.implicit else "TLS, not opened")


def _login(each: Credential, secret_id: Callable[[Secret | None], str | None], origin: Origin) -> LoginRow:
    span = each.span
    return LoginRow(
        time_ns=span.time_ns if span else None,
        user=intern((each.authcid or "").lower()[:255]),
        mechanism=intern(each.mechanism),
        secret=secret_id(each.secret) if each.exposure in {Exposure.CLEAR, Exposure.BEARER} else None,
        accepted=each.outcome is AuthOutcome.ACCEPTED,
        refused=each.outcome is AuthOutcome.REJECTED,
        tls=each.tls,
        frame=origin.locate(span.frame)[1] if span else None,
    )


def _message(each: Transaction, known: Sequence[Credential], origin: Origin) -> MessageRow:
    number = each.authentication
    user = (known[number].authcid or "") if number is not None and number < len(known) else ""
    span = _place(each)
    accepted = sum(recipient.accepted for recipient in each.recipients)
    return MessageRow(
        time_ns=span.time_ns,
        user=intern(user.lower()[:255]),
        sender=intern(each.reverse_path.decode("utf-8", "replace").lower()[:320]),
        recipients=accepted,
        refused=sum(1 for one in each.recipients if one.exchange.reply and one.exchange.reply.code >= 500),
        accepted=each.outcome is Outcome.ACCEPTED,
        frame=origin.locate(span.frame)[1],
    )


def _place(each: Transaction) -> Span:
    command = each.mail.command if each.mail else None
    if command is not None:
        return command.span
    first = next((one.exchange.command for one in each.recipients if one.exchange.command), None)
    return first.span if first else Span(Side.CLIENT, 0, 0)
