"""The server does not serve this client's address."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the server's log and access rules for the client's address. Change: have the address permitted, "
        "or submit on 587 with AUTH."
    ),
    "postfix": "Look: postconf -n | grep client_restrictions. Change: log in on 587, or permit the address.",
}
REFERENCES = ("RFC 5321, 3.1", "RFC 7504")
