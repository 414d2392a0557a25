"""The user= field of the OAuth data is not an address this service knows, or not the token's user."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._oauth import MECHANISMS, other_user
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the user= field beside the account of the token (upn, email). Change: put the full primary "
        "address there."
    ),
    "exchange-online": (
        "Look: Get-Mailbox USER | fl PrimarySmtpAddress,UserPrincipalName. Change: put that address in user=."
    ),
}
REFERENCES = ("https://developers.google.com/workspace/gmail/imap/xoauth2-protocol",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A 501 to OAuth data whose user is no address, or a user other than the token's."""
    said = case.said("oauth-user-field-invalid")
    for attempt in case.refused_attempts:
        credential = attempt.credential
        if attempt.mechanism not in MECHANISMS or credential is None or attempt.refusal is None:
            continue
        evidence = (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[-1:])
        if other_user(attempt):
            return strongest(Weight(0.8, evidence, "The token belongs to another user than user= names."), said)
        if credential.authcid and "@" not in credential.authcid and attempt.code == 501:
            return strongest(Weight(0.85, evidence, "user= is no mail address."), said)
    return said
