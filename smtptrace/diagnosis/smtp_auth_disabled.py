"""SMTP submission is switched off for the tenant, the mailbox or the account."""

from __future__ import annotations

FIX = {
    "any": "Look: the account's or tenant's setting for SMTP submission. Change: turn it on for this account.",
    "exchange-online": (
        "Look: Get-TransportConfig | fl SmtpClientAuthenticationDisabled; Get-CASMailbox USER | fl "
        "SmtpClientAuthenticationDisabled. Change: Set-CASMailbox USER -SmtpClientAuthenticationDisabled $false "
        "(security defaults must be off); for the tenant Set-TransportConfig."
    ),
    "yandex": "Look: Settings, Email clients. Change: allow mail programs there and make an app password.",
    "netease": "Change: turn the SMTP service on in the web mail's settings and use the authorization code.",
    "zoho": "Look: Mail settings of the account, SMTP. Change: enable SMTP access.",
}
REFERENCES = (
    "https://learn.microsoft.com/en-us/exchange/clients-and-mobile-in-exchange-online/"
    "authenticated-client-smtp-submission",
)
