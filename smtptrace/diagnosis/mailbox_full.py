"""The recipient's mailbox is full."""

from __future__ import annotations

FIX = {
    "any": "Look: the recipient's quota. Change: the recipient makes room, or its administrator raises the quota.",
}
REFERENCES = ("RFC 3463, 3.3 (X.2.2)",)
