"""Names of the inside network are given away, by NTLM or in Received fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _addresses, _credentials
from smtptrace.findings._evidence import of_reply, text_of
from smtptrace.findings._finding import Evidence, Facet, Severity, Sight
from smtptrace.smtp import Content, Session
from smtptrace.wire import Side, Span

SEVERITY = Severity.INFO
NEEDS = Facet.ANY
INNOCENT = ("both ends are inside the same network",)
REFERENCES = ("MS-NLMP, 2.2.1.2", "RFC 5321, 4.4", "CWE-200", "MITRE ATT&CK T1590")
ADVICE = "Turn NTLM off on connectors that face the Internet; let the outbound gateway rewrite Received fields."
_RECEIVED = re.compile(rb"(?:^|\n)(received:[^\n]{0,1000})", re.IGNORECASE)
_PRIVATE = re.compile(
    rb"\[(?:IPv6:)?((?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9.]{3,11}|f[cd][0-9a-f:]{4,40})\]"
)


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Names in an NTLM challenge, and Received fields with private addresses or names."""
    for credential in credentials:
        server = credential.details.get("server")
        if server:
            yield from _by_ntlm(session, credential, server)
            break
    for transaction in session.transactions:
        if transaction.content is not None:
            yield from _by_received(transaction.content)


def _by_ntlm(session: Session, credential: Credential, server: dict[str, str]) -> Iterator[Sight]:
    exchange = _credentials.exchange_of(session, credential)
    challenges = [each.challenge for each in exchange.rounds if each.challenge] if exchange else []
    if challenges:
        names = ", ".join(dict.fromkeys(str(value) for value in server.values()))
        severity = Severity.INFO if _addresses.is_private(session.connection.client.host) else Severity.LOW
        yield Sight(f"The NTLM challenge names {names}", (of_reply(challenges[-1]),), severity)


def _by_received(content: Content) -> Iterator[Sight]:
    end = content.head.find(b"\r\n\r\n")
    end = end if end >= 0 else len(content.head)
    if content.head.find(b"eceived:", 0, end) < 0:
        return
    for found in _RECEIVED.finditer(content.head, 0, end):
        private = _PRIVATE.search(found[1])
        host = _addresses.first_host(found[1][9:].decode("latin-1"))
        if private or _addresses.is_internal_name(host):
            place = content.span
            start = (place.start if place else 0) + found.start(1)
            span = Span(Side.CLIENT, start, start + len(found[1]), place.time_ns, place.frame) if place else None
            inside = private[1].decode("latin-1") if private else host
            yield Sight(f"A Received field names {inside}", (Evidence(text_of(found[1].rstrip(b"\r")), span),))
            return
