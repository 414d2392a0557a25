"""What a session has, told in one look, so that rules which need something else are not asked."""

from __future__ import annotations

from collections.abc import Sequence

from smtptrace.auth import Credential
from smtptrace.findings._finding import Facet
from smtptrace.smtp import Session

SLOW_NS = 20_000_000_000
"""A session shorter than this has no stall worth a word."""

_PROBES = frozenset(("VRFY", "EXPN", "XVRFY"))


def facets_of(session: Session, credentials: Sequence[Credential]) -> Facet:
    """The facets of a session."""
    found = Facet.CREDENTIALS if credentials else 0
    if session.transactions:
        found |= Facet.TRANSACTIONS
    if session.anomalies:
        found |= Facet.ANOMALIES
    if session.tls is not None:
        found |= Facet.TLS
    if session.gaps:
        found |= Facet.GAPS
    if session.extensions:
        found |= Facet.OFFER_IN_CLEAR
    if not session.transactions and not credentials:
        found |= Facet.UNUSED
    if session.start_ns is not None and session.end_ns is not None and session.end_ns - session.start_ns > SLOW_NS:
        found |= Facet.SLOW
    return Facet(found | _probes(session))


def _probes(session: Session) -> int:
    """Facet.PROBES where the session asks about addresses, or two of its recipients were refused."""
    refused = 0
    for exchange in session.exchanges:
        command = exchange.command
        if command is None:
            continue
        if command.verb in _PROBES:
            return Facet.PROBES
        if command.verb == "RCPT" and exchange.reply is not None and exchange.reply.code >= 500:
            refused += 1
            if refused > 1:
                return Facet.PROBES
    return 0
