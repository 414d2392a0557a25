"""MAIL FROM is not written as the standard wants it."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case, Refusal
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: the MAIL command: MAIL FROM:<user@domain>, no space after the colon, angle brackets, no display "
        "name. Change: set a bare address in the program, or mend what builds the command."
    ),
}
REFERENCES = ("RFC 5321, 4.1.1.2 and 4.1.2",)
AT = ("MAIL",)
_PATH = re.compile(
    rb"FROM:<(?:|@[^<>@]{1,500}:)?"
    rb"(?:[^<>@\s\"]{1,320}|\"[^\"]{1,320}\")?(?:@[^<>@\s]{1,255})?>"
    rb"(?: [\x21-\x7e]{1,500})*",
    re.IGNORECASE,
)
_CODES = frozenset((500, 501, 502, 504, 551, 553, 555))


def weigh(case: Case) -> Weight | None:
    """A refused MAIL whose argument breaks the grammar, else the words."""
    said = case.said("mail-from-syntax")
    refusal = case.refused("MAIL")
    if refusal is None or refusal.exchange is None or refusal.exchange.command is None:
        return said
    broken = _broken(refusal.exchange.command.argument)
    if broken and _may_be_it(refusal) and not case.anomaly("backspace"):
        return strongest(Weight(0.93, refusal.evidence, f"MAIL FROM {broken}."), said)
    if said is not None and not broken and said.confidence < 0.6 and case.logged_in(refusal.index):
        return Weight(said.confidence * 0.7, said.evidence, said.because)
    return said


def _may_be_it(refusal: Refusal) -> bool:
    """Whether the code is one that answers bad syntax; 550 and 554 mostly mean policy, and then say so."""
    code = refusal.reply.code
    return code in _CODES or (code in {550, 554} and refusal.mute)


def _broken(argument: bytes) -> str:
    """What is wrong with the argument of MAIL, in words; "" where nothing is."""
    text = argument.strip()
    if not text.isascii():
        return ""
    if not text.upper().startswith(b"FROM:"):
        return "has no FROM: before the address"
    if b"<" not in text or b">" not in text:
        return "has no angle brackets around the address"
    if text[5:6] == b" " and _PATH.fullmatch(b"FROM:" + text[5:].lstrip()):
        return ""
    if _PATH.fullmatch(text) is None:
        return "has more than one bare address between the angle brackets, or no address at all"
    return ""
