"""Nothing listens on the port, or a firewall says no at once."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings import Evidence
from smtptrace.wire import Opening, Side, Span

FIX = {
    "any": (
        "Look: ss -ltn (on the server), nc -vz HOST PORT (from the client). Change: start the service, correct "
        "host or port (inside a container, localhost is the container itself), or open the firewall."
    ),
}
REFERENCES = ("RFC 9293, 3.5.2",)
AT = ("SILENT",)


def weigh(case: Case) -> Weight | None:
    """A reset in answer to SYN, or a client that says so."""
    opened = case.session.opened
    if opened is not None and opened.how is Opening.REFUSED:
        place = Span(Side.CLIENT, 0, 0, opened.time_ns, opened.frame)
        return Weight(CERTAIN, (Evidence("(the attempt to connect was refused)", place),))
    return None if case.session.greeting else case.said("connection-refused")
