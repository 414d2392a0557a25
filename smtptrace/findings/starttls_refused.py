"""STARTTLS was asked for and refused, and the session went on in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_command, of_exchange
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.MEDIUM
NEEDS = Facet.REFUSALS | Facet.OFFER_IN_CLEAR
INNOCENT = ("a certificate of the server that is missing or cannot be read",)
REFERENCES = ("RFC 3207, 4 and 6", "CWE-757")
ADVICE = "Mend TLS on the server, and let the client refuse to go on without it."
_GOES_ON = frozenset(("AUTH", "X-EXPS", "MAIL"))


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """A refused STARTTLS, and a login or mail in clear after it."""
    refused = None
    for exchange in session.exchanges:
        command, reply = exchange.command, exchange.reply
        if command is None:
            continue
        if command.verb == "STARTTLS" and reply is not None and reply.code >= 400:
            refused = exchange
        elif refused is not None and command.verb in _GOES_ON and not exchange.tls:
            yield Sight(
                "STARTTLS was refused, and the client went on in clear", (*of_exchange(refused), of_command(command))
            )
            return
