"""What the credentials of an OAuth login show."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt
from smtptrace.smtp import Reply

MECHANISMS = frozenset(("XOAUTH2", "OAUTHBEARER", "XOAUTH"))
_FAULTS = {
    "token-for-another-audience": "made for another service (aud)",
    "token-without-smtp-scope": "without the right to send by SMTP (scp, roles)",
}
_OTHER_KINDS = {"id-token": "an id token", "refresh-token": "a refresh token"}


def audience_fault(attempt: Attempt) -> str:
    """In words, what is wrong with the audience or scope of the token; "" where nothing is known to be."""
    return next((words for slug, words in _FAULTS.items() if slug in attempt.problems), "")


def is_expired(attempt: Attempt) -> bool:
    """Whether the token had expired, or is no access token at all."""
    return bool({"token-expired", *_OTHER_KINDS}.intersection(attempt.problems))


def other_user(attempt: Attempt) -> bool:
    """Whether the token names another user than the login does."""
    return "token-of-another-user" in attempt.problems


def error_report(attempt: Attempt) -> Reply | None:
    """The 334 that carries an error report (RFC 7628, 3.2.2), None where there is none."""
    if "error-report" not in attempt.problems:
        return None
    for each in attempt.exchange.rounds:
        if each.challenge is not None and any(len(text.strip()) > 8 for text in each.challenge.texts):
            return each.challenge
    return None
