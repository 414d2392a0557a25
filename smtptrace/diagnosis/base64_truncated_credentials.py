"""The credentials' base64 is cut short."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: is the length of the encoded value a multiple of four, and does it end where an encoder or a form "
        "field would cut (72, 76, 78 characters)? Change: raise the limit in the client, or update its encoder."
    ),
}
REFERENCES = ("RFC 4648, 3.2 and 4",)
AT = ("AUTH",)
_SHORTEST = 24


def weigh(case: Case) -> Weight | None:
    """A long value whose length is no multiple of four."""
    for attempt in case.refused_attempts:
        if attempt.refusal is None or attempt.masked or not _told(attempt.problems):
            continue
        cut = [each for each in of_responses(attempt.exchange) if _cut(each.text.rpartition(" ")[2])]
        if cut:
            because = "The encoded value is cut: its length is no multiple of four."
            return Weight(0.92, (cut[0], attempt.refusal.evidence[-1]), because)
    return None


def _told(problems: tuple[str, ...]) -> bool:
    return any(problem in {"truncated-base64", "missing-base64-padding"} for problem in problems)


def _cut(value: str) -> bool:
    return len(value) >= _SHORTEST and len(value) % 4 != 0
