"""Commands follow the TLS handshake without a new EHLO, though STARTTLS reset the session."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight

FIX = {
    "any": (
        "Look: the first command after the 220 of STARTTLS. Change: the client has to send EHLO again inside TLS "
        "(RFC 3207); update the library or mend the program."
    ),
}
REFERENCES = ("RFC 3207, 4.2",)
_IN_ORDER = frozenset(("EHLO", "HELO", "LHLO", "QUIT"))


def weigh(case: Case) -> Weight | None:
    """The first command inside TLS is not EHLO, and it or a later one is refused."""
    inside = [
        (index, exchange.command) for index, exchange in case.numbered if index >= case.tls_from and exchange.command
    ]
    if not inside or inside[0][1].verb in _IN_ORDER:
        return None
    first = inside[0][0]
    refusal = next((each for each in case.refusals if each.index >= first and each.exchange), None)
    if refusal is None:
        return None
    return Weight(CERTAIN if refusal.index == first else 0.85, refusal.evidence)
