"""The name of the server does not resolve."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: dig HOST on the host (and inside the container) where the program runs. Change: correct the name, "
        "or the resolver."
    ),
}
REFERENCES = ("RFC 5321, 5.1",)
