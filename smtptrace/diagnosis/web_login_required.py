"""The provider holds the login as suspicious and wants the user to sign in with a web browser first."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: sign in to the account with a browser and read its security notices. Change: confirm the sign-in "
        "there, then use an app password or OAuth."
    ),
    "gmail": (
        "Look: sign in with a browser from the same network and review the security activity. Change: confirm it "
        "was you, then use an app password or XOAUTH2."
    ),
}
REFERENCES = ("https://support.google.com/a/answer/3726730",)
