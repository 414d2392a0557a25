"""What a session has, told in one look, so that rules which need something else are not asked."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence

from smtptrace.auth import Credential
from smtptrace.findings._finding import Facet
from smtptrace.smtp import Session

SLOW_NS = 20_000_000_000
"""A session shorter than this has no stall worth a word."""

_PROBES = frozenset(("VRFY", "EXPN", "XVRFY"))


def facets_of(session: Session, credentials: Sequence[Credential]) -> Facet:
    """The facets of a session."""
    refused = any([each.reply is not None and each.reply.code >= 400 for each in session.exchanges])  # noqa: C419 - faster
    has = (
        bool(credentials),
        bool(session.transactions),
        bool(session.anomalies),
        session.tls is not None,
        bool(session.gaps),
        bool(session.extensions),
        _probes(session, refused),
        session.start_ns is not None and session.end_ns is not None and session.end_ns - session.start_ns > SLOW_NS,
        not session.transactions and not credentials,
        refused,
    )
    return _facets(has)


@functools.lru_cache(maxsize=Facet.REFUSALS * 2)
def _facets(has: tuple[bool, ...]) -> Facet:
    """The facets that a session has, told in their order."""
    return functools.reduce(operator.or_, itertools.compress(Facet, has), Facet.ANY)


def _probes(session: Session, has_refusals: bool) -> bool:
    """Whether the session asks about addresses, or two of its recipients were refused."""
    if not has_refusals:
        return not _PROBES.isdisjoint([each.command.verb for each in session.exchanges if each.command is not None])
    refused = 0
    for exchange in session.exchanges:
        command = exchange.command
        if command is None:
            continue
        if command.verb in _PROBES:
            return True
        if command.verb == "RCPT" and exchange.reply is not None and exchange.reply.code >= 500:
            refused += 1
            if refused > 1:
                return True
    return False
