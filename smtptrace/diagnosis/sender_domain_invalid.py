"""The sender's domain or address does not exist as far as the server can tell."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: dig MX DOMAIN; dig A DOMAIN, asked from the server. Change: correct the sender address, or "
        "publish the domain."
    ),
    "postfix": (
        "Look: postconf smtpd_sender_restrictions (reject_unknown_sender_domain). Change: correct the sender "
        "address or its DNS."
    ),
}
REFERENCES = ("RFC 5321, 3.6",)
