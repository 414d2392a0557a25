"""The server has to store the secret for this mechanism first: it wants one login with PLAIN."""

from __future__ import annotations

FIX = {
    "any": "Change: log in once with PLAIN over TLS; the wanted mechanism works from then on.",
}
REFERENCES = ("RFC 4954, 6 (432 4.7.12)",)
