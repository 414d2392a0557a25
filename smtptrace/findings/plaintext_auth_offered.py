"""The server offers LOGIN or PLAIN before TLS, so clients may send passwords in clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_reply
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.OFFER_IN_CLEAR
INNOCENT = ("a listener on loopback or on a network of its own",)
REFERENCES = ("RFC 4954, 4 and 9", "RFC 8314, 3", "CWE-319")
ADVICE = "Offer them inside TLS only (Postfix smtpd_tls_auth_only=yes, Exchange BasicAuthRequireTLS)."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The AUTH line of an EHLO reply in clear."""
    for keyword in session.extensions or ():
        if keyword[:4].upper() != "AUTH":
            continue
        words = keyword.upper().replace("=", " ").split()
        plain = [word for word in words[1:] if word in {"LOGIN", "PLAIN"}] if words and words[0] == "AUTH" else []
        secured = session.tls
        if plain and not (secured is not None and secured.implicit):
            yield from _offered(session, plain)
            return


def _offered(session: Session, plain: list[str]) -> Iterator[Sight]:
    for exchange in session.exchanges:
        if exchange.command and exchange.command.verb == "EHLO" and exchange.reply and not exchange.tls:
            evidence = (of_reply(exchange.reply, b"AUTH"),)
            yield Sight(f"The server offers {' and '.join(plain)} without TLS", evidence)
            return
