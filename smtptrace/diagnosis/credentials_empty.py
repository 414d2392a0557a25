"""The client sent an empty or undefined user name or password: none is set in it."""

from __future__ import annotations

from smtptrace.auth import Credential
from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: decode what was sent (smtptrace show). Change: set user and password in the program: check the "
        "names of its options and that its environment variables are set where it runs."
    ),
}
REFERENCES = ("RFC 4616, 2",)
AT = ("AUTH",)
_EMPTY = frozenset(("empty-user", "empty-password", "placeholder-value", "empty-token"))
_NOBODY = frozenset(("undefined", "null", "none", "nil", "nan", "false"))


def weigh(case: Case) -> Weight | None:
    """What was decoded, or a client that says so."""
    for attempt in case.refused_attempts:
        empty = _EMPTY.intersection(attempt.problems) or _named_nobody(attempt.credential)
        if empty and not attempt.masked and attempt.refusal:
            sent = of_responses(attempt.exchange)
            prompt = attempt.refusal.evidence[-1]
            return Weight(
                CERTAIN,
                (prompt, *sent[-1:], *sent[:1]),
                "The client logs in with an empty or undefined user or password.",
            )
    return case.said("credentials-empty")


def _named_nobody(credential: Credential | None) -> bool:
    return credential is not None and (credential.authcid or "").lower() in _NOBODY
