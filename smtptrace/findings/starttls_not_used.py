"""STARTTLS was offered, and the client logged in or sent mail in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_command, of_reply
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.OFFER_IN_CLEAR
INNOCENT = ("a relay on the same host or on a network of its own",)
REFERENCES = ("RFC 3207, 4", "RFC 8314, 3", "CWE-319")
ADVICE = "Turn STARTTLS on in the client; let the server ask for it before AUTH."
_MATTERS = frozenset(("AUTH", "X-EXPS", "MAIL"))


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The offer, and the first command that should have been inside TLS."""
    secured = session.tls
    if secured is not None or "STARTTLS" not in (session.extensions or ()):
        return
    offer = None
    for exchange in session.exchanges:
        command = exchange.command
        if command is None:
            continue
        if command.verb == "STARTTLS":
            return
        if command.verb == "EHLO" and exchange.reply is not None:
            offer = exchange.reply
        elif offer is not None and command.verb in _MATTERS and not exchange.tls:
            evidence = (of_reply(offer, b"STARTTLS"), of_command(command))
            severity = SEVERITY if command.verb == "MAIL" else Severity.MEDIUM
            yield Sight(f"STARTTLS is offered, and {command.verb} goes in clear", evidence, severity)
            return
