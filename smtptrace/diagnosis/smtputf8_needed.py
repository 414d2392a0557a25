"""An address holds non-ASCII characters, and SMTPUTF8 was not declared with MAIL or is not offered."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_command

FIX = {
    "any": (
        "Look: SMTPUTF8 in the EHLO reply and in MAIL FROM. Change: let the client declare SMTPUTF8 with MAIL "
        "where it is offered, write the domain as A-label (xn--), or use an ASCII address."
    ),
    "postfix": "Look: postconf smtputf8_enable. Change: turn it on, and let the client declare SMTPUTF8.",
}
REFERENCES = ("RFC 6531, 3.3 and 3.5",)
AT = ("MAIL", "RCPT")


def weigh(case: Case) -> Weight | None:
    """A refused address with non-ASCII octets, and no SMTPUTF8 in the MAIL before it."""
    said = case.said("smtputf8-needed")
    refusal = case.refused("MAIL", "RCPT")
    command = refusal.exchange.command if refusal and refusal.exchange else None
    if refusal is None or command is None or command.argument.isascii():
        return said
    mail = [exchange.command for index, exchange in case.sent("MAIL") if index <= refusal.index and exchange.command]
    if mail and b"SMTPUTF8" in mail[-1].argument.upper():
        return said
    weight = Weight(0.92, (refusal.evidence[-1], *([of_command(mail[-1])] if mail else ()), *refusal.evidence[:1]))
    return strongest(weight, said) if refusal.reply.code in {500, 501, 550, 553, 555, 554} else said
