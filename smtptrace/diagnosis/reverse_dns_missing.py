"""The client's address has no reverse DNS name, or one that does not lead back to it."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: dig -x ADDRESS, then dig A of that name. Change: submit on 587 with AUTH; for a server have the "
        "PTR record set."
    ),
    "postfix": (
        "Look: postconf smtpd_client_restrictions. Change: submit on 587 with AUTH, or have the PTR record set."
    ),
}
REFERENCES = ("RFC 1912, 2.1", "https://www.postfix.org/postconf.5.html#reject_unknown_client_hostname")
