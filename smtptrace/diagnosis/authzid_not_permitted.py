"""The login is in order, but it may not act for the identity that was asked for."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the authorization identity that was sent. Change: leave it empty in the client, or permit this "
        "login to act for the other one."
    ),
    "dovecot": (
        "Look: doveconf -n | grep master. Change: leave the authorization identity empty, or use a master user."
    ),
}
REFERENCES = ("RFC 4616, 2", "RFC 4422, 3.4.1")
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """Two different identities in one refused exchange."""
    said = case.said("authzid-not-permitted")
    for attempt in case.refused_attempts:
        credential = attempt.credential
        if credential is None or not credential.authzid or not credential.authcid or attempt.refusal is None:
            continue
        if credential.authzid.lower() != credential.authcid.lower():
            because = "The login asks to act for another identity than its own."
            lines = (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1])
            return strongest(Weight(0.86, lines, because), said)
    return said
