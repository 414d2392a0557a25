"""The client submits with an empty envelope sender, which no login owns."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: MAIL FROM:<>. Change: set an envelope sender (return path) in the program; the empty one is for "
        "bounces between servers."
    ),
}
REFERENCES = ("RFC 5321, 4.5.5", "RFC 6409, 3.2")
AT = ("MAIL", "RCPT", "DATA")


def weigh(case: Case) -> Weight | None:
    """A refused MAIL FROM:<>, or a refusal after it that speaks of the sender."""
    said = case.said("null-sender-rejected")
    refusal = case.refused("MAIL")
    if refusal and refusal.exchange and refusal.exchange.command and _is_null(refusal.exchange.command.argument):
        worded = case.said("starttls-required") or case.said("auth-not-attempted") or refusal.reply.code in {530, 503}
        return strongest(Weight(0.5 if worded else 0.95, refusal.evidence), said)
    later = case.refused("RCPT", "DATA")
    sent = [each for index, each in case.sent("MAIL") if later is None or index < later.index]
    if (
        later
        and sent
        and sent[-1].command
        and _is_null(sent[-1].command.argument)
        and case.said("sender-not-permitted")
    ):
        return strongest(Weight(0.95, later.evidence), said)
    return said


def _is_null(argument: bytes) -> bool:
    return argument.upper().replace(b" ", b"").startswith(b"FROM:<>")
