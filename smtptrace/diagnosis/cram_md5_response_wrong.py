"""The CRAM-MD5 answer is computed or written wrongly."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses
from smtptrace.secret import Secret

FIX = {
    "any": (
        "Look: the decoded answer must be: user, one space, 32 lower-case hexadecimal digits; the key is the "
        "password, the message the decoded challenge with its angle brackets. Change: mend or update the client, "
        "or use PLAIN inside TLS."
    ),
}
REFERENCES = ("RFC 2195, 2",)
AT = ("AUTH",)
_DIGEST = re.compile(r"[0-9a-f]{32}")


def weigh(case: Case) -> Weight | None:
    """A refused answer; surely wrong where its form is."""
    for attempt in case.refused_attempts:
        if attempt.mechanism != "CRAM-MD5" or attempt.refusal is None or attempt.at_once:
            continue
        evidence = (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1])
        if _ill_formed(attempt):
            return Weight(0.95, evidence, "The answer is not of the form that CRAM-MD5 has.")
        if attempt.code in {535, 501, 454} and attempt.offered is not False:
            return Weight(0.62 if not attempt.refusal.mute else 0.3, evidence)
    return None


def _ill_formed(attempt: Attempt) -> bool:
    credential = attempt.credential
    if credential is None or attempt.masked:
        return False
    told = {"malformed-digest", "not-hexadecimal", "uppercase-digest", "wrong-digest-length", "malformed-response"}
    if told.intersection(attempt.problems):
        return True
    proof = credential.secret.octets().decode("latin-1") if isinstance(credential.secret, Secret) else ""
    return bool(proof) and _DIGEST.fullmatch(proof) is None
