"""The password has non-ASCII characters, and client and server disagree on how they are encoded."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: try the account with a password of ASCII letters and digits. Change: set such a password, or "
        "update client and server so that both use UTF-8 (RFC 4616)."
    ),
    "hmailserver": "Change: set a password of ASCII characters; this server compares others in its own code page.",
}
REFERENCES = ("RFC 4616, 2", "RFC 8265, 4")
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """Non-ASCII octets in a refused password or user name."""
    said = case.said("password-charset")
    for attempt in case.refused_attempts:
        credential = attempt.credential
        if credential is None or credential.secret is None or attempt.mechanism not in {"PLAIN", "LOGIN"}:
            continue
        if attempt.refusal and attempt.code == 535 and not credential.secret.octets().isascii():
            return strongest(Weight(0.88, (*of_responses(attempt.exchange)[-1:], attempt.refusal.evidence[-1])), said)
    return said
