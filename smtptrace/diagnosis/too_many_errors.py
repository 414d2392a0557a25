"""The session was closed because of the errors before; the first of them is what to look at."""

from __future__ import annotations

FIX = {
    "any": "Look: the first refusal of the session. Change: mend that one, and let the client stop after it.",
}
REFERENCES = ("https://www.postfix.org/postconf.5.html#smtpd_hard_error_limit",)
