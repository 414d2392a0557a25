"""The server demands a login, and the client never tried though it could."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: is there an AUTH command in the session? Change: turn authentication on in the client and set "
        "user and password."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,Bindings,RemoteIPRanges,PermissionGroups: which connector "
        "takes this client? Change: log in, or permit AnonymousUsers on the connector that matches the client's "
        "address."
    ),
    "exchange-online": (
        "Look: does the client send STARTTLS and AUTH? Get-CASMailbox USER | fl "
        "SmtpClientAuthenticationDisabled. Change: turn both on in the client, and SMTP AUTH on for the mailbox."
    ),
    "postfix": (
        "Look: postconf -M; postconf smtpd_client_restrictions smtpd_relay_restrictions. Change: turn "
        "authentication on in the client."
    ),
    "hmailserver": (
        "Look: IP ranges in the administrator (Require SMTP authentication). Change: turn authentication on in "
        "the client, or add an IP range for it."
    ),
}
REFERENCES = ("RFC 4954, 6 (530)", "RFC 6409, 4.3")
AT = ("MAIL", "RCPT", "DATA")


def weigh(case: Case) -> Weight | None:
    """530 or words that ask for a login, in a session without AUTH."""
    said = case.said("auth-not-attempted")
    refusal = case.refused("MAIL", "RCPT", "DATA")
    if refusal is None:
        return None if case.attempts else said
    if case.attempts or case.logged_in(refusal.index) is not None:
        return Weight(said.confidence * 0.55, said.evidence, said.because) if said else None
    offer = case.offer_before(refusal.index) if refusal.index >= 0 else None
    if offer is not None and offer.mechanisms and not offer.helo:
        shown = of_reply(offer.reply, b"AUTH")
        if refusal.reply.code == 530:
            said = strongest(Weight(0.88, refusal.evidence[-1:]), said)
        if said is None:
            return None
        return Weight(said.confidence, (*said.evidence, shown), said.because, said.fix)
    return said
