"""Logins with a password are switched off; the provider takes OAuth only."""

from __future__ import annotations

FIX = {
    "any": (
        "Change: use OAuth (XOAUTH2), or another way to submit; an app password is a password too and does not help."
    ),
    "exchange-online": (
        "Look: Get-AuthenticationPolicy | fl Name,AllowBasicAuthSmtp; the sign-in log of Entra ID. Change: use "
        "XOAUTH2 with the scope https://outlook.office.com/SMTP.Send, a relay connector, or High Volume Email."
    ),
}
REFERENCES = (
    "https://techcommunity.microsoft.com/blog/exchange/"
    "exchange-online-to-retire-basic-auth-for-client-submission-smtp-auth/4114750",
)
