"""The server says that TLS comes first."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import STRONG, Weight

FIX = {
    "any": (
        "Look: openssl s_client -starttls smtp -connect HOST:587. Change: turn STARTTLS on in the client (587), "
        "or use implicit TLS on 465."
    ),
    "gmail": "Change: STARTTLS on port 587, or implicit TLS on 465, at smtp.gmail.com.",
    "amazon-ses": "Change: STARTTLS on 25, 587 or 2587, or implicit TLS on 465 or 2465.",
    "postfix": "Look: postconf smtpd_tls_security_level smtpd_tls_auth_only. Change: turn STARTTLS on in the client.",
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,AuthMechanism,RequireTLS. Change: turn STARTTLS on in the client."
    ),
}
REFERENCES = ("RFC 3207, 4", "RFC 4954, 6")


def weigh(case: Case) -> Weight | None:
    """The words, or a 530 that answers AUTH in clear: a login cannot be asked for before a login."""
    said = case.said("starttls-required")
    if said is not None and said.confidence >= 0.85:
        return None if case.began_tls and case.refused("AUTH", "MAIL", "RCPT") is None else said
    for attempt in case.refused_attempts:
        if attempt.code == 530 and case.in_clear(attempt.index) and attempt.refusal is not None:
            return Weight(STRONG, attempt.refusal.evidence, "The server refuses AUTH in clear: it wants TLS first.")
    first = case.first
    offer = case.offer_before(first.index) if first else None
    if first is None or case.logged_in() or case.attempts or first.index < 0 or not case.in_clear(first.index):
        return None
    return said if offer is not None and offer.has("STARTTLS") else None
