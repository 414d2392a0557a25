"""The provider wants an app password or authorization code for mail programs, not the account's password."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the security settings of the account. Change: make an app password (authorization code) there and "
        "set it in the client."
    ),
    "gmail": (
        "Look: is two-step verification on (it must be)? Change: make an app password at "
        "myaccount.google.com/apppasswords, or use XOAUTH2."
    ),
    "qq": (
        "Change: turn SMTP on in the web mail's account settings, make an authorization code there, and use it "
        "as the password."
    ),
    "netease": (
        "Change: turn SMTP on in the web mail's settings, make an authorization code there, and use it as the password."
    ),
    "yahoo": "Change: make an app password in the account security page, and use it as the password.",
    "icloud": "Change: make an app-specific password at account.apple.com, and use it as the password.",
    "exchange-online": (
        "App passwords exist only where per-user MFA is on; look at the authentication methods of the user. "
        "Change: use OAuth."
    ),
}
REFERENCES = ("https://support.google.com/a/answer/3726730",)
