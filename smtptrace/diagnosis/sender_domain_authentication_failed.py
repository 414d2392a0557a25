"""The sender's domain does not authorise the sending host by SPF, DKIM or DMARC."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: dig TXT DOMAIN; dig TXT _dmarc.DOMAIN; the Authentication-Results of a delivered copy. Change: "
        "add the sending host to SPF, sign with DKIM, or send through the domain's own server."
    ),
}
REFERENCES = ("RFC 7208", "RFC 6376", "RFC 7489")
