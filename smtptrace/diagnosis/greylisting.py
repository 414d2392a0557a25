"""The first attempt of an unknown sender is put off on purpose; a later one gets through."""

from __future__ import annotations

FIX = {
    "any": (
        "Look: does the same message get through after 5 to 15 minutes? Change: let the program queue and retry, "
        "or hand the mail to a server that does."
    ),
    "postfix": (
        "Look: the log of postgrey or rspamd. Change: let the client retry, or log in (submission is not greylisted)."
    ),
}
REFERENCES = ("RFC 6647",)
