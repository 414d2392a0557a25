"""The credentials' base64 is wrapped over lines, or a line end was encoded with the value."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_command, of_responses
from smtptrace.smtp import Exchange

FIX = {
    "any": (
        "Look: does the encoded value end in Cg==, o= or K, or does a second line follow without a prompt? "
        "Change: encode without a line end and without wrapping: printf %s 'VALUE' | base64 -w0."
    ),
}
REFERENCES = ("RFC 4954, 4", "RFC 4648, 3.1")
AT = ("AUTH",)
_WRAPPED = ("wrapped-line", "newline-in-base64")
_ENCODED = ("trailing-newline",)


def weigh(case: Case) -> Weight | None:
    """A response cut at the width of an encoder with its rest behind it, or a value that ends in a line end."""
    for attempt in case.refused_attempts:
        sent = of_responses(attempt.exchange)
        if any(problem in attempt.problems for problem in _WRAPPED):
            strays = tuple(of_command(each.command) for each in _strays(case, attempt.index) if each.command)
            return Weight(
                CERTAIN, (*sent[-1:], *strays[:1], *_refused(attempt)), "The base64 is broken over two lines."
            )
        if any(problem in attempt.problems for problem in _ENCODED):
            return Weight(0.95, (*sent[-1:], *_refused(attempt)), "The decoded value ends in a line end.")
    return case.said("base64-newline")


def _strays(case: Case, index: int) -> list[Exchange]:
    return [exchange for at, exchange in case.numbered if at == index + 1 and exchange.command]


def _refused(attempt: Attempt) -> tuple[Evidence, ...]:
    return attempt.refusal.evidence[-1:] if attempt.refusal else ()
