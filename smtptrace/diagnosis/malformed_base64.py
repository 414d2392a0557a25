"""What the client sends in AUTH is not base64."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the line after AUTH or after the 334. Change: send the value encoded in base64 on one line "
        "(smtptrace encode login shows the lines to type)."
    ),
}
REFERENCES = ("RFC 4954, 4", "RFC 4648, 4")
AT = ("AUTH",)
_PROBLEMS = frozenset(
    (
        "not-base64",
        "plain-text-instead-of-base64",
        "url-safe-base64",
        "missing-base64-padding",
        "excess-base64-padding",
        "truncated-base64",
    )
)


def weigh(case: Case) -> Weight | None:
    """A refused exchange with a line that does not decode."""
    said = case.said("malformed-base64")
    for attempt in case.refused_attempts:
        if attempt.masked:
            continue
        bad = _PROBLEMS.intersection(attempt.problems)
        if bad and attempt.refusal is not None and attempt.offered is not False:
            sure = 0.93 if bad & {"not-base64", "plain-text-instead-of-base64"} or attempt.code == 501 else 0.7
            return strongest(Weight(sure, (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[-1:])), said)
    return said
