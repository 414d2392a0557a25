"""The server knows no such recipient."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import PLAUSIBLE, Weight, strongest

FIX = {
    "any": "Look: the address letter by letter, and whether the server hosts its domain. Change: correct the address.",
    "exchange": "Look: Get-Recipient ADDRESS; Get-AcceptedDomain. Change: correct the address, or create the mailbox.",
    "postfix": (
        "Look: postmap -q ADDRESS on the recipient maps (postconf local_recipient_maps virtual_mailbox_maps). "
        "Change: correct the address."
    ),
    "exim": "Look: exim -bt ADDRESS. Change: correct the address.",
}
REFERENCES = ("RFC 5321, 3.3", "RFC 3463, 3.2 (X.1.1)")
AT = ("RCPT",)


def weigh(case: Case) -> Weight | None:
    """A refused RCPT whose words or code speak of the address."""
    said = case.said("recipient-unknown")
    refusal = case.refused("RCPT")
    if refusal is None:
        return said
    if said is not None and said.confidence < 0.7 and (refusal.reply.enhanced or "").startswith("5.7"):
        return None
    others = {slug for slug, weight in case.wordings.items() if weight.confidence >= 0.8} - {"recipient-unknown"}
    accepted = any(recipient.accepted for each in case.session.transactions for recipient in each.recipients)
    if said is None and not others and refusal.reply.code in {550, 551, 553} and accepted and not refusal.mute:
        return strongest(Weight(PLAUSIBLE, refusal.evidence), None)
    return said
