"""The account is locked, disabled, or its password has expired."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the state of the account at the server or directory. Change: unlock or enable it, set a new "
        "password, and correct every program that still uses the old one."
    ),
    "exchange": (
        "Look: Get-ADUser USER -Properties LockedOut,Enabled,PasswordExpired. Change: Unlock-ADAccount, or a new "
        "password."
    ),
    "hmailserver": (
        "Look: Settings, Advanced, Auto-ban. Change: remove the ban and correct the password in the program that "
        "caused it."
    ),
}
REFERENCES = ("RFC 5248 (X.7.13)",)
