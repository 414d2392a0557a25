"""The client ended the AUTH exchange with an asterisk."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the client's own log: why did it stop after the challenge (no password, a check of the server "
        "failed, a mechanism it cannot finish)? Change: what that names, or another mechanism."
    ),
}
REFERENCES = ("RFC 4954, 4",)


def weigh(case: Case) -> Weight | None:
    """A `*` among the responses of an exchange that nothing made good."""
    for attempt in case.attempts:
        if attempt.exchange.cancelled and attempt.code != 235:
            refused = attempt.refusal.evidence if attempt.refusal else ()
            return Weight(CERTAIN - 0.02, (*of_responses(attempt.exchange)[-1:], *refused[-1:]))
    return case.said("authentication-cancelled") if case.attempts == () else None
