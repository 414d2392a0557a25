"""What the rules about credentials have in common."""

from __future__ import annotations

from bisect import bisect_left

from smtptrace.auth import AuthOutcome, Credential
from smtptrace.findings._evidence import of_command, of_reply, text_of
from smtptrace.findings._finding import Evidence
from smtptrace.smtp import AuthExchange, Session


def exchange_of(session: Session, credential: Credential) -> AuthExchange | None:
    """The AUTH exchange that the credential was read from."""
    logins, span = session.authentications, credential.span
    at = bisect_left(logins, span.start, key=_start_of) if span is not None else len(logins)
    return logins[at] if span is not None and at < len(logins) and _start_of(logins[at]) == span.start else None


def _start_of(login: AuthExchange) -> int:
    """Where it stands in the client's octets; logins are in that order."""
    return login.command.span.start if login.command is not None else -1


def shown(session: Session, credential: Credential) -> tuple[Evidence, ...]:
    """The command, the line with the secret, and the final reply."""
    exchange = exchange_of(session, credential)
    if exchange is None:
        return (Evidence(f"AUTH {credential.mechanism}", credential.span),) if credential.span else ()
    lines = [of_command(exchange.command)] if exchange.command else []
    said = [each for each in exchange.rounds if each.response]
    if said and said[-1].response:
        lines.append(Evidence(text_of(said[-1].response), said[-1].response_span))
    return (*lines, of_reply(exchange.reply)) if exchange.reply else tuple(lines)


def worked(credential: Credential) -> str:
    """Whether the login worked, in words."""
    return {
        AuthOutcome.ACCEPTED: "the login worked",
        AuthOutcome.REJECTED: "the login was refused",
        AuthOutcome.CANCELLED: "the login was broken off",
        AuthOutcome.INCOMPLETE: "the server's verdict is not here",
    }[credential.outcome]


def who(credential: Credential) -> str:
    """The user in words."""
    return f"user {credential.authcid}" if credential.authcid else "a user not named"
