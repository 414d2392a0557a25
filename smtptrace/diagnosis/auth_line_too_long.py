"""The AUTH data is longer than the server takes in one line."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._oauth import MECHANISMS
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the length of the AUTH line (RFC 4954 allows 12288 octets, many servers take 512 to 2048 with the "
        "command). Change: send the token after the 334 instead of with the command, or ask for a shorter one "
        "(fewer scopes)."
    ),
}
REFERENCES = ("RFC 4954, 4",)
AT = ("AUTH",)
_LIMIT = 12288
_COMMAND_LIMIT = 510


def weigh(case: Case) -> Weight | None:
    """The length of what was sent, or a token that the server could not decode."""
    said = case.said("auth-line-too-long")
    for attempt in case.refused_attempts:
        longest = _longest(attempt)
        if attempt.refusal is None or attempt.code not in {500, 501, 552, 554, 421}:
            continue
        if longest > _LIMIT or (longest > _COMMAND_LIMIT and attempt.code == 500):
            sent = of_responses(attempt.exchange)
            return strongest(Weight(0.9, (attempt.refusal.evidence[-1], *sent[-1:])), said)
        if said is not None and attempt.mechanism in MECHANISMS and attempt.masked:
            return Weight(
                max(said.confidence, 0.88), said.evidence, said.because, said.fix, said.as_of, said.references
            )
    return said


def _longest(attempt: Attempt) -> int:
    command = attempt.exchange.command
    lines = [len(each.response or b"") for each in attempt.exchange.rounds]
    return max([len(command.raw) if command else 0, *lines])
