"""The name in EHLO is well-formed, but the server's policy refuses it."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._helo import fault_of, is_own_name
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_command

FIX = {
    "any": (
        "Look: the name in EHLO, and what it resolves to. Change: set the client's own public host name, not "
        "localhost and not a name of the server."
    ),
    "gmail": (
        "Change: send your own domain in EHLO instead of localhost or an address literal; Google's relay closes "
        "on those."
    ),
    "postfix": "Look: postconf smtpd_helo_restrictions. Change: set a name that resolves in the client, or exempt it.",
}
REFERENCES = ("RFC 5321, 4.1.4",)
AT = ("EHLO",)


def weigh(case: Case) -> Weight | None:
    """A refused EHLO with a name nobody should use, or words that say so."""
    said = case.said("helo-name-rejected-by-policy")
    refusal = case.refused("EHLO")
    if refusal is None or refusal.exchange is None or refusal.exchange.command is None:
        return said
    name = refusal.exchange.command.argument
    if is_own_name(name) and refusal.reply.code in {421, 550, 554, 451, 450, 553}:
        return strongest(Weight(0.9, (refusal.evidence[-1], of_command(refusal.exchange.command))), said)
    if not fault_of(name) and refusal.reply.code in {550, 553, 554} and not refusal.mute:
        return strongest(Weight(0.5, refusal.evidence), said)
    return said
