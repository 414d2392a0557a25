"""A command carries a parameter that the server does not know or did not offer."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: the parameters of MAIL and RCPT (SIZE, BODY, RET, NOTIFY, SMTPUTF8, AUTH) beside the EHLO reply. "
        "Change: let the client send only what is offered."
    ),
    "exchange": (
        "Look: SMTPUTF8, DSN and 8BITMIME in the EHLO reply. Change: let the client send only what stands there."
    ),
}
REFERENCES = ("RFC 5321, 4.1.1.11",)
AT = ("MAIL", "RCPT")
_NEEDS = {
    b"SIZE": "SIZE",
    b"BODY": "8BITMIME",
    b"SMTPUTF8": "SMTPUTF8",
    b"RET": "DSN",
    b"ENVID": "DSN",
    b"NOTIFY": "DSN",
    b"ORCPT": "DSN",
    b"AUTH": "AUTH",
    b"REQUIRETLS": "REQUIRETLS",
    b"MT-PRIORITY": "MT-PRIORITY",
    b"HOLDFOR": "FUTURERELEASE",
}
_PARAMETER = re.compile(rb"> *(.*)$")


def weigh(case: Case) -> Weight | None:
    """A refused MAIL or RCPT with a parameter that was not offered, else the words."""
    said = case.said("parameter-not-supported")
    refusal = case.refused("MAIL", "RCPT")
    command = refusal.exchange.command if refusal and refusal.exchange else None
    offer = case.offer_before(refusal.index) if refusal else None
    found = _PARAMETER.search(command.argument) if command else None
    if refusal is None or found is None or offer is None or refusal.reply.code not in {501, 504, 555, 500, 503}:
        return said
    for word in found[1].upper().split()[:16]:
        keyword = _NEEDS.get(word.partition(b"=")[0])
        if keyword and offer.has(keyword) is False:
            because = f"{word.partition(b'=')[0].decode('ascii')} is sent, but {keyword} is not offered."
            return strongest(Weight(0.92, refusal.evidence, because), said)
    return said
