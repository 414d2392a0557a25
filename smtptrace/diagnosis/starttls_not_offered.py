"""The client insists on STARTTLS, which the server does not offer."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: EHLO by hand on the same port: is there a STARTTLS line? Change: turn TLS on in the server, or "
        "use a port that has it (465 from the start, 587 by STARTTLS); only inside a trusted network let the "
        "client go on in clear."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,AuthMechanism; Get-ExchangeCertificate | fl "
        "Services,NotAfter,CertificateDomains. Change: bind a valid certificate to the SMTP service and add Tls "
        "to AuthMechanism."
    ),
    "postfix": (
        "Look: postconf -n | grep smtpd_tls. Change: set smtpd_tls_security_level=may with certificate and key."
    ),
    "exim": "Look: exim -bP tls_advertise_hosts tls_certificate. Change: set both so that this client is offered TLS.",
    "opensmtpd": "Look: smtpd -n; grep listen /etc/mail/smtpd.conf. Change: add tls pki NAME to the listen line.",
}
REFERENCES = ("RFC 3207, 4",)
AT = ("STARTTLS",)


def weigh(case: Case) -> Weight | None:
    """STARTTLS sent and refused where the EHLO reply in force has no such line, or a client that says so."""
    said = case.said("starttls-not-offered")
    refusal = case.refused("STARTTLS")
    if refusal is None or refusal.index < 0:
        return _noted(case, said)
    offer = case.offer_before(refusal.index)
    if offer is None:
        return None if not case.offers and case.first_sent("EHLO", "HELO") is None else said
    if offer.has("STARTTLS") is False and not offer.helo:
        shown = of_reply(offer.reply, offer.reply.lines[-1].upper())
        return Weight(0.94, (*refusal.evidence, shown), "The client sends STARTTLS, which the server does not offer.")
    return None if offer.has("STARTTLS") else said


def _noted(case: Case, said: Weight | None) -> Weight | None:
    if said is None:
        return None
    offered = any(offer.has("STARTTLS") for offer in case.offers)
    return None if offered or case.began_tls else said
