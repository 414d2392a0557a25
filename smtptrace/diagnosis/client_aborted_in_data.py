"""The client breaks the connection off inside the content."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_intermediate
from smtptrace.smtp import DataExchange
from smtptrace.wire import Close, Closing, Side, Span

FIX = {
    "any": (
        "Look: the client's log at this time (crash, timeout, a source it was reading from), and devices between "
        "that cut long connections. Change: what that names."
    ),
}
REFERENCES = ("RFC 5321, 3.8",)
AT = ("SILENT",)


def weigh(case: Case) -> Weight | None:
    """Content without an end mark, and the client's side closed."""
    closed = next((close for close in case.session.closes if _by_client(close)), None)
    for _, exchange in case.numbered[-4:]:
        begun = isinstance(exchange, DataExchange) and exchange.intermediate is not None and exchange.reply is None
        if not begun or closed is None or not isinstance(exchange, DataExchange):
            continue
        if exchange.content is None or not exchange.content.complete:
            place = Span(Side.CLIENT, 0, 0, closed.time_ns, closed.frame)
            shown = Evidence(f"(the client closes: {closed.how.value})", place)
            return Weight(0.93, (*of_intermediate(exchange), shown))
    return None


def _by_client(close: Close) -> bool:
    return close.side is Side.CLIENT and close.how is not Closing.END_OF_CAPTURE
