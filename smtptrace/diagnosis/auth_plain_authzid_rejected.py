"""PLAIN came with an authorization identity, which this server does not take."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: is anything before the first NUL of the decoded message? Change: set the client to an empty "
        "authorization identity (the form NUL user NUL password), or use LOGIN."
    ),
    "hmailserver": (
        "Change: set the client to an empty authorization identity or to LOGIN; this server reads the form with "
        "an empty one only."
    ),
}
REFERENCES = ("RFC 4616, 2",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A refused PLAIN message with the same identity twice."""
    for attempt in case.refused_attempts:
        credential = attempt.credential
        if credential is None or attempt.mechanism != "PLAIN" or attempt.refusal is None or not credential.authzid:
            continue
        if (credential.authcid or "").lower() == credential.authzid.lower() and attempt.offered is not False:
            sure = 0.92 if case.flavour in {"hmailserver", None} else 0.8
            return Weight(sure, (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1]))
    return None
