"""The client answers with NTLMv2, but this server compares NTLMv1 only."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._ntlm import is_ntlm, kind_of
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Change: use another mechanism inside TLS; NTLMv1 would work and gives away what is as good as the password."
    ),
    "exim": (
        "Look: exim -bP authenticator_list (driver = spa reads NTLMv1 only). Change: offer PLAIN inside TLS and "
        "use that."
    ),
}
REFERENCES = ("Exim specification (the spa authenticator)", "MS-NLMP, 3.3.2")
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A refused NTLMv2 answer to a server known for the old form."""
    for attempt in case.refused_attempts:
        if is_ntlm(attempt) and kind_of(attempt).startswith("ntlmv2") and case.flavour == "exim" and attempt.refusal:
            return Weight(0.9, (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1]))
    return None
