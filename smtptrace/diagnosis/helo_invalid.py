"""The argument of EHLO is no host name or address literal the server accepts."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._helo import fault_of
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_command

FIX = {
    "any": (
        "Look: the name in EHLO. Change: set a fully qualified host name of letters, digits, hyphens and dots in "
        "the client (local hostname, helo, EHLO domain)."
    ),
    "postfix": (
        "Look: postconf smtpd_helo_restrictions smtpd_recipient_restrictions. Change: set a fully qualified EHLO "
        "name in the client, or put permit_sasl_authenticated before the HELO checks."
    ),
    "exim": "Look: exim -bP helo_allow_chars helo_accept_junk_hosts. Change: set a clean EHLO name in the client.",
    "iis-smtp": "Change: set a host name in the client; this server takes no IPv4-mapped IPv6 literal.",
}
REFERENCES = ("RFC 5321, 4.1.1.1 and 4.1.3",)
AT = ("EHLO",)


def weigh(case: Case) -> Weight | None:
    """A refused EHLO whose argument has a fault, or words that say so later."""
    said = case.said("helo-invalid")
    sent = case.first_sent("EHLO", "HELO")
    shown = (of_command(sent[1].command),) if sent and sent[1].command else ()
    refusal = case.refused("EHLO")
    if refusal is None:
        return Weight(said.confidence, (*said.evidence[:1], *shown), said.because, said.fix) if said else None
    name = refusal.exchange.command.argument if refusal.exchange and refusal.exchange.command else b""
    fault = fault_of(name)
    if fault and refusal.reply.code in {501, 504, 550, 553, 554}:
        return strongest(Weight(0.92, refusal.evidence, f"The name in EHLO {fault}."), said)
    return said
