"""The envelope sender is not the user who logged in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _addresses
from smtptrace.findings._credentials import exchange_of
from smtptrace.findings._evidence import of_command
from smtptrace.findings._finding import Basis, Facet, Severity, Sight
from smtptrace.smtp import Command, Outcome, Session, Transaction

SEVERITY = Severity.LOW
NEEDS = Facet.TRANSACTIONS | Facet.CREDENTIALS
BASIS = Basis.OBSERVED
INNOCENT = ("an application that sends for several addresses", "a shared mailbox", "a user name that is no address")
REFERENCES = ("RFC 6409, 6.1", "MITRE ATT&CK T1534")
ADVICE = "Ask whether this login may send as that address; bind senders to logins on the server."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Accepted transactions under a login of another name; surest where the login is an address too."""
    told: set[str] = set()
    for transaction in session.transactions:
        number = transaction.authentication
        if number is None or transaction.outcome is not Outcome.ACCEPTED or number >= len(credentials):
            continue
        user, sender = (credentials[number].authcid or "").lower(), _addresses.address_of(transaction.reverse_path)
        if not user or not sender or sender in told or _same(user, sender) or (mail := _mail(transaction)) is None:
            continue
        told.add(sender)
        login = exchange_of(session, credentials[number])
        shown = (of_command(login.command),) if login and login.command else ()
        foreign = "@" in user and _addresses.domain_of(user) != _addresses.domain_of(sender)
        severity = Severity.MEDIUM if foreign else SEVERITY if "@" in user else Severity.INFO
        yield Sight(f"{user} logs in and sends as {sender}", (of_command(mail), *shown), severity)


def _same(user: str, sender: str) -> bool:
    name = user.rpartition("\\")[2]
    return name == sender or ("@" not in name and name == sender.partition("@")[0])


def _mail(transaction: Transaction) -> Command | None:
    return transaction.mail.command if transaction.mail else None
