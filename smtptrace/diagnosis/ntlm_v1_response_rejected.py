"""The client answers with NTLMv1 (24 octets) where the domain wants NTLMv2."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._ntlm import is_ntlm, kind_of
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: LmCompatibilityLevel on client and domain controllers (5 refuses NTLMv1). Change: update the "
        "client so that it answers with NTLMv2; do not weaken the domain."
    ),
}
REFERENCES = ("MS-NLMP, 2.2.2.6 and 3.3.1",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A refused answer of the old form, from a server that takes the new one."""
    for attempt in case.refused_attempts:
        if is_ntlm(attempt) and kind_of(attempt).startswith("ntlmv1") and attempt.refusal is not None:
            if case.flavour == "exim":
                return None
            sure = 0.93 if case.flavour in {"exchange", "iis-smtp", "exchange-online"} else 0.6
            return Weight(sure, (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1]))
    return None
