"""Without a login the server accepted content for foreign recipients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _addresses
from smtptrace.findings._evidence import of_exchange
from smtptrace.findings._finding import Basis, Evidence, Facet, Severity, Sight
from smtptrace.smtp import Outcome, Session, Transaction

SEVERITY = Severity.HIGH
NEEDS = Facet.TRANSACTIONS
BASIS = Basis.INFERRED
INNOCENT = (
    "the client's address is permitted to relay",
    "the server hosts these domains, or is a backup for them",
    "a certificate of the client inside TLS",
)
REFERENCES = ("RFC 5321, 7.7", "CWE-284", "MITRE ATT&CK T1584")
ADVICE = "Test from an outside address (smtptrace relay-test HOST). Limit relaying to logins and to named addresses."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """Accepted transactions of strangers whose recipients are not of the server's own domain."""
    for transaction in session.transactions:
        if transaction.outcome is Outcome.ACCEPTED and transaction.authentication is None and not session.lmtp:
            sight = _judged(session, transaction)
            if sight is not None:
                yield sight
                return


def _judged(session: Session, transaction: Transaction) -> Sight | None:
    own = _own(session)
    if not own:
        return None
    foreign = _foreign(transaction, own)
    sender = _addresses.organisation(_addresses.domain_of(_addresses.address_of(transaction.reverse_path)))
    if not foreign or sender == own or session.greeting is None:
        return None
    inside = _addresses.is_private(session.connection.client.host)
    several = len(foreign) > 1
    severity = Severity.INFO if inside else SEVERITY if several else Severity.LOW
    domains = ", ".join(sorted(foreign)[:3])
    evidence = next(iter(foreign.values()))
    final = of_exchange(transaction.final)[-1:] if transaction.final else ()
    summary = f"Mail for {domains} is accepted by a server of {own} without a login: consistent with an open relay"
    return Sight(summary, (*evidence, *final), severity, 0.7 if several else 0.4)


def _own(session: Session) -> str:
    """The organisation that the server's greeting names."""
    line = session.greeting.lines[0][4:] if session.greeting and session.greeting.lines else b""
    host = _addresses.first_host(line[:256].decode("latin-1"))
    return _addresses.organisation(host) if host else ""


def _foreign(transaction: Transaction, own: str) -> dict[str, tuple[Evidence, ...]]:
    """Foreign organisations among the accepted recipients, with the lines that show them."""
    found: dict[str, tuple[Evidence, ...]] = {}
    for recipient in transaction.recipients:
        domain = _addresses.domain_of(_addresses.address_of(recipient.address))
        whose = _addresses.organisation(domain) if domain else own
        if recipient.accepted and whose != own:
            found.setdefault(whose, of_exchange(recipient.exchange))
    return found
