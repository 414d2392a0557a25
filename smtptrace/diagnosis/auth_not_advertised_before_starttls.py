"""AUTH is offered only after STARTTLS, and the client did not upgrade."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case, Offer
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: openssl s_client -starttls smtp -connect HOST:587, then EHLO: AUTH stands there. Change: turn "
        "STARTTLS on in the client, so that it logs in inside TLS."
    ),
    "exchange-online": (
        "Change: turn STARTTLS on in the client; smtp.office365.com offers AUTH on port 587 inside TLS only."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,AuthMechanism (BasicAuthRequireTLS hides LOGIN until TLS). "
        "Change: turn STARTTLS on in the client."
    ),
    "postfix": (
        "Look: postconf smtpd_tls_auth_only (yes hides AUTH until TLS). Change: turn STARTTLS on in the client."
    ),
    "dovecot": "Look: doveconf disable_plaintext_auth auth_allow_cleartext. Change: turn STARTTLS on in the client.",
}
REFERENCES = ("RFC 3207, 4.2", "RFC 4954, 4")


def weigh(case: Case) -> Weight | None:
    """STARTTLS offered, AUTH not, and no upgrade before the failure."""
    offer = next((each for each in reversed(case.offers) if not each.tls), None)
    said = case.said("auth-not-advertised-before-starttls")
    if offer is None or offer.keywords is None:
        return said
    if case.began_tls or offer.has("STARTTLS") is not True or offer.mechanisms != ():
        return None
    return _judged(case, offer)


def _judged(case: Case, offer: Offer) -> Weight | None:
    shown = of_reply(offer.reply, b"STARTTLS")
    for attempt in case.refused_attempts:
        if attempt.refusal is not None:
            because = f"The client sends AUTH {attempt.mechanism} in clear; the server offers AUTH after STARTTLS only."
            return Weight(0.95, (*attempt.refusal.evidence, shown), because)
    refusal = case.refused("MAIL", "RCPT", "DATA")
    if refusal is not None:
        asked = refusal.reply.code == 530
        return Weight(0.8 if asked else 0.35, (*refusal.evidence, shown))
    wanted = case.said("auth-not-advertised") or case.said("client-lacks-offered-mechanism")
    if wanted is not None:
        return Weight(0.9, (*wanted.evidence, shown))
    later = any(index > offer.index and exchange.command for index, exchange in case.numbered)
    return Weight(0.7, (shown,)) if case.is_text and not later and not case.remarks else None
