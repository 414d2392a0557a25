"""The message is larger than the server takes."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case, Offer
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: SIZE in the EHLO reply beside the message (base64 makes attachments a third larger). Change: a "
        "smaller message, a link instead of the attachment, or a higher limit on the server that refuses."
    ),
    "postfix": "Look: postconf message_size_limit mailbox_size_limit. Change: postconf -e message_size_limit=OCTETS.",
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,MaxMessageSize; Get-TransportConfig | fl "
        "MaxReceiveSize,MaxSendSize; Get-Mailbox USER | fl Max*Size. Change: raise the lowest of them."
    ),
    "exim": "Look: exim -bP message_size_limit. Change: raise it.",
}
REFERENCES = ("RFC 1870, 6",)
AT = ("MAIL", "RCPT", "DATA")
_DECLARED = re.compile(rb"\bSIZE=([0-9]{1,18})\b", re.IGNORECASE)


def weigh(case: Case) -> Weight | None:
    """The declared size or the content over the limit offered, else the words."""
    said = case.said("message-size")
    refusal = case.refused("MAIL", "DATA", "RCPT")
    if refusal is None or refusal.index < 0:
        return said
    offer = case.offer_before(refusal.index)
    limit = _limit(offer)
    declared = _declared(case, refusal.index)
    if offer is not None and limit and declared > limit and refusal.reply.code in {552, 554, 550, 452}:
        shown = of_reply(offer.reply, b"SIZE")
        because = f"The message has {declared:,} octets, the server takes {limit:,}."
        return strongest(Weight(0.95, (refusal.evidence[-1], shown, *refusal.evidence[:1]), because), said)
    return said


def _limit(offer: Offer | None) -> int:
    value = (offer.keywords or {}).get("SIZE", ()) if offer else ()
    return int(value[0]) if value and re.fullmatch("[0-9]{1,18}", value[0]) else 0


def _declared(case: Case, index: int) -> int:
    """The size that MAIL declares, or that the content had."""
    for at, exchange in case.sent("MAIL"):
        found = _DECLARED.search(exchange.command.argument) if exchange.command and at <= index else None
        if found:
            return int(found[1])
    return max((each.content.seen for each in case.session.transactions if each.content), default=0)
