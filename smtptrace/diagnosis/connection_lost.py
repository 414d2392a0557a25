"""The connection broke off without a reply that says why."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings import Evidence
from smtptrace.wire import Closing, Side, Span

FIX = {
    "any": (
        "Look: the server's log at this time, and the last line before the break. Change: what that names; if "
        "nothing is logged, look at firewalls and proxies between."
    ),
}
REFERENCES = ("RFC 5321, 3.8",)
AT = ("SILENT",)


def weigh(case: Case) -> Weight | None:
    """A reset, or a client that reports the end of the connection, and nothing refused before it."""
    if case.refusals:
        return None
    said = case.said("connection-lost")
    reset = next((close for close in case.session.closes if close.how is Closing.RST), None)
    if said is None and reset is not None and not case.sealed and case.session.octets[1] and not case.succeeded:
        place = Span(Side(reset.side), 0, 0, reset.time_ns, reset.frame)
        shown = Evidence(f"(the {Side(reset.side).name.lower()} resets the connection)", place)
        return Weight(0.5, (*case.last_word, shown))
    if said is None:
        return None
    if case.said("greeting-timeout") is not None:
        return Weight(said.confidence * 0.6, said.evidence, said.because)
    return Weight(said.confidence, (*said.evidence, *case.last_word), said.because)
