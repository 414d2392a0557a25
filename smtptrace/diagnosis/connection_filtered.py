"""No answer comes to the attempt to connect: a filter drops the packets, or the host is not there."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings import Evidence
from smtptrace.wire import Opening, Side, Span

FIX = {
    "any": (
        "Look: nc -vz -w 10 HOST PORT from the client and from elsewhere; traceroute -T -p PORT HOST. Change: "
        "have the filter opened; many networks and clouds block port 25 outbound: use 587 or 465."
    ),
}
REFERENCES = ("RFC 9293, 3.8.3", "RFC 6409, 3.1")
AT = ("SILENT",)


def weigh(case: Case) -> Weight | None:
    """SYN without an answer, or a client that says so."""
    opened = case.session.opened
    if opened is not None and opened.how is Opening.NO_ANSWER:
        place = Span(Side.CLIENT, 0, 0, opened.time_ns, opened.frame)
        return Weight(CERTAIN, (Evidence("(the attempt to connect was not answered)", place),))
    said = case.said("connection-filtered")
    if said is None or case.session.greeting is not None:
        return None
    greeting = case.said("plaintext-to-implicit-tls-port") is not None
    return Weight(said.confidence * 0.5, said.evidence) if greeting else said
