"""A filter of the server refuses the message by its content, attachment or reputation."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: the filter's log for the identifier in the reply. Change: what the filter names in the message; "
        "or have the sender permitted there."
    ),
    "gmail": (
        "Look: Postmaster Tools for the domain. Change: authenticate the domain (SPF, DKIM, DMARC) and follow "
        "the sender guidelines."
    ),
}
REFERENCES = ("RFC 6409, 6",)
