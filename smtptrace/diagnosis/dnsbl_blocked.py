"""The client's address stands on a block list that is asked before any login."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the list named in the reply, for the client's public address. Change: submit on 587 or 465 with "
        "AUTH instead of port 25; for a server have the cause mended, then the address delisted."
    ),
    "postfix": (
        "Look: postconf postscreen_dnsbl_sites smtpd_recipient_restrictions. Change: submit on 587 with AUTH; "
        "put permit_sasl_authenticated before the block lists."
    ),
}
REFERENCES = ("RFC 5782", "https://www.spamhaus.org/blocklists/policy-blocklist/")
