"""AUTH came without the credentials that the mechanism begins with, and the server does not prompt."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import PLAUSIBLE, Weight

FIX = {
    "any": (
        "Look: is there anything after AUTH PLAIN, and did the server answer 334? Change: let the client send "
        "the initial response with the command (curl: --sasl-ir), or use LOGIN."
    ),
    "exim": (
        "Look: the server_prompts of the PLAIN authenticator. Change: let the client send the initial response "
        "with the command (curl: --sasl-ir), or set server_prompts = : on the server."
    ),
}
REFERENCES = ("RFC 4954, 4", "RFC 4616, 2")
AT = ("AUTH",)
_CLIENT_FIRST = frozenset(("PLAIN", "XOAUTH2", "OAUTHBEARER", "EXTERNAL"))


def weigh(case: Case) -> Weight | None:
    """The bare command refused at once, though the mechanism is offered."""
    for attempt in case.refused_attempts:
        bare = attempt.mechanism in _CLIENT_FIRST and attempt.exchange.initial is None and attempt.at_once
        bare = bare and not attempt.masked
        if bare and attempt.offered is not False and attempt.refusal and attempt.code in {501, 535, 500, 502, 554, 550}:
            known = attempt.offered is True
            because = f"AUTH {attempt.mechanism} came without credentials and was refused without a prompt."
            sure = 0.93 if known else PLAUSIBLE if attempt.code == 535 else 0.8  # a log may leave them out
            return Weight(sure, attempt.refusal.evidence, because)
    return case.said("auth-initial-response-required")
