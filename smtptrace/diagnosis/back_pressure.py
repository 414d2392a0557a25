"""The server itself is short of disk, memory or queue space, or out of service, and puts mail off."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight

FIX = {
    "any": (
        "Look: disk, memory and queue of the server (df -h, queue length). Change: free resources there; the "
        "client retries later."
    ),
    "exchange": (
        "Look: events 15004 to 15007; Get-ServerComponentState SERVER; free space of the queue database's disk. "
        "Change: free disk or memory; Set-ServerComponentState ... -State Active."
    ),
    "postfix": "Look: df -h /var/spool/postfix; postconf queue_minfree message_size_limit. Change: free disk space.",
}
REFERENCES = ("RFC 3463, 3.4", "https://learn.microsoft.com/en-us/exchange/mail-flow/back-pressure")
AT = ()


def weigh(case: Case) -> Weight | None:
    """The words; a 452 that names no resource is weaker where the client had declared a size."""
    said = case.said("back-pressure")
    refusal = case.first
    if said is not None and refusal is not None and refusal.mute and refusal.reply.enhanced is None:
        return Weight(min(said.confidence, 0.3), said.evidence)
    return said
