"""The OAuth token was issued for another service (audience) or without the right to send by SMTP."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._oauth import audience_fault
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: decode the token (smtptrace decode) and read aud and scp. Change: ask for the scope of the mail service."
    ),
    "exchange-online": (
        "Look: smtptrace decode TOKEN: aud must be https://outlook.office.com or https://outlook.office365.com. "
        "Change: request the scope https://outlook.office.com/SMTP.Send (delegated) or "
        "https://outlook.office365.com/.default with the role SMTP.SendAsApp; a Microsoft Graph token does not "
        "work."
    ),
    "gmail": "Change: request the scope https://mail.google.com/.",
}
REFERENCES = (
    "https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/"
    "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """The claims of the token that was refused."""
    for attempt in case.refused_attempts:
        fault = audience_fault(attempt)
        if fault and attempt.refusal is not None:
            evidence = (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[-1:])
            return Weight(0.95, evidence, f"The token is {fault}.")
    return case.said("oauth-token-audience")
