"""The server's policy wants a stronger mechanism, or the same one inside TLS."""

from __future__ import annotations

FIX = {
    "any": "Look: the AUTH line inside TLS. Change: turn STARTTLS on, or choose a stronger mechanism (SCRAM).",
}
REFERENCES = ("RFC 4954, 6 (534 5.7.9)",)
