"""EHLO repeated after AUTH resets the login."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: is there an EHLO (or RSET) between the 235 and MAIL? Change: the client must not repeat EHLO "
        "after a login; update the library, or turn off the option that does it."
    ),
}
REFERENCES = ("RFC 4954, 4", "RFC 5321, 4.1.4")
AT = ("MAIL", "RCPT", "DATA")


def weigh(case: Case) -> Weight | None:
    """235, then EHLO, then a refusal that asks for a login."""
    for refusal in case.refusals:
        login = case.logged_in(refusal.index) if refusal.stage in {"MAIL", "RCPT", "DATA"} else None
        if login is None or login.exchange.reply is None:
            continue
        again = any(login.index < index < refusal.index for index, _ in case.sent("EHLO", "HELO"))
        if again and (refusal.reply.code in {530, 503} or case.said("auth-not-attempted")):
            return Weight(0.95, (refusal.evidence[-1], of_reply(login.exchange.reply), *refusal.evidence[:1]))
    return None
