"""An anonymous session asks the server to pass mail on to a foreign domain."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: was there a 235 before MAIL? Change: log in (submission port 587 with STARTTLS), or permit this "
        "client's address to relay."
    ),
    "postfix": (
        "Look: postconf mynetworks smtpd_relay_restrictions. Change: log in on 587, or add the client to mynetworks."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,RemoteIPRanges,PermissionGroups; Get-ADPermission on it. "
        "Change: log in, or on a relay connector limited by RemoteIPRanges grant "
        "ms-Exch-SMTP-Accept-Any-Recipient to anonymous users."
    ),
    "exchange-online": (
        "Look: Get-InboundConnector | fl SenderIPAddresses,TlsSenderCertificateName. Change: submit with AUTH, "
        "or correct the connector."
    ),
    "exim": (
        "Look: exim -bh CLIENT-ADDRESS and the relay hosts list. Change: log in on 587, or add the client to the "
        "relay hosts."
    ),
    "sendmail": "Look: /etc/mail/access and /etc/mail/relay-domains. Change: log in on 587, or add the client there.",
    "qmail": "Look: the rcpthosts file and RELAYCLIENT. Change: log in, or set RELAYCLIENT for the client's address.",
}
REFERENCES = ("RFC 5321, 7.7", "RFC 4954, 6")
AT = ()


def weigh(case: Case) -> Weight | None:
    """Words about relaying in a session without a login."""
    said = case.said("relay-denied-unauthenticated")
    refusal = case.refused("RCPT", "MAIL", "DATA")
    if said is None or refusal is None:
        return said
    if case.logged_in(refusal.index) is not None:
        return Weight(said.confidence * 0.6, said.evidence, "Relaying is refused although the session has logged in.")
    if case.refused_attempts:
        return Weight(said.confidence * 0.75, said.evidence, said.because)
    offer = case.offer_before(refusal.index) if refusal.index >= 0 else None
    shown = (of_reply(offer.reply, b"AUTH"),) if offer and offer.mechanisms else ()
    return Weight(said.confidence, (said.evidence[0], *shown, *said.evidence[1:]), said.because, said.fix)
