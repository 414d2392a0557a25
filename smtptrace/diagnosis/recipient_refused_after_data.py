"""The content was taken, but refused for one recipient."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: the replies after the content, one a recipient in the order of RCPT. Change: the address, or the "
        "filter of that recipient; the others have accepted the message."
    ),
}
REFERENCES = ("RFC 2033, 4.2", "Exim specification (PRDR)")
AT = ("DATA",)


def weigh(case: Case) -> Weight | None:
    """Several replies to one content, some of which refuse."""
    for _, exchange in case.numbered:
        refused = [reply for reply in exchange.replies if reply.code >= 400]
        if refused and any(reply.code < 300 for reply in exchange.replies):
            return Weight(CERTAIN, tuple(of_reply(reply) for reply in refused[:2]))
    return None
