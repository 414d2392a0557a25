"""One side kept the other waiting for long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_exchange
from smtptrace.findings._finding import Basis, Evidence, Facet, Severity, Sight
from smtptrace.smtp import Exchange, Session

SEVERITY = Severity.INFO
NEEDS = Facet.SLOW
BASIS = Basis.OBSERVED
INNOCENT = ("a person typing", "content scanned before it is accepted", "a tarpit: delay on purpose")
REFERENCES = ("RFC 5321, 4.5.3.2",)
ADVICE = "Look at the side that was silent: lookups and filters of the server, or what the client was doing."
_LONG_NS = 20_000_000_000
_TARPIT = re.compile(r"tarpit", re.IGNORECASE)
_EVEN = 0.05


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The longest silence of each side; even delays of refusals are a tarpit's."""
    server = [(each.latency_ns, each) for each in session.exchanges if (each.latency_ns or 0) >= _LONG_NS]
    note = next((note for note in session.notes if _TARPIT.search(note.text)), None)
    if server:
        longest, exchange = max(server, key=lambda each: each[0] or 0)
        yield _by_server(longest or 0, exchange, note is not None or _is_even(session))
    waited = _by_client(session)
    if waited is not None:
        yield waited


def _by_server(longest: int, exchange: Exchange, on_purpose: bool) -> Sight:
    verb = exchange.command.verb if exchange.command else None
    told = "consistent with a tarpit (delay on purpose)" if on_purpose else "the client was waiting for the server"
    return Sight(f"{verb or 'A line'} is answered after {longest / 1e9:.1f} s: {told}", of_exchange(exchange))


def _is_even(session: Session) -> bool:
    """Whether several refusals were delayed by the same time."""
    delays = [each.latency_ns or 0 for each in session.exchanges if each.reply and each.reply.code >= 400]
    return len(delays) > 2 and min(delays) > 10**9 and max(delays) - min(delays) < _EVEN * max(delays)


def _by_client(session: Session) -> Sight | None:
    """The longest time between a reply and the next command."""
    longest = 0
    shown: tuple[Evidence, ...] = ()
    before: Exchange | None = None
    for exchange in session.exchanges:
        sent = exchange.command.span.time_ns if exchange.command else None
        got = before.reply.span.time_ns if before and before.reply else None
        if sent is not None and got is not None and sent - got > max(longest, _LONG_NS):
            longest, shown = sent - got, of_exchange(exchange)[:1]
        before = exchange
    if not shown:
        return None
    return Sight(f"The client is silent for {longest / 1e9:.1f} s: the server was waiting for it", shown)
