"""The server refuses the first NTLM message instead of answering with a challenge."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._ntlm import has_challenge, is_ntlm, sent_kind
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: decode the first message (smtptrace decode): is it a NEGOTIATE (TlRMTVNTUAAB), sent when the "
        "server was ready for it? Change: use a real NTLM implementation, or LOGIN inside TLS."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl AuthMechanism; policies Restrict NTLM. Change: permit Integrated and "
        "NTLM there, or let the client use LOGIN inside TLS."
    ),
}
REFERENCES = ("MS-SMTPNTLM, 2.2.1.4 to 2.2.1.8",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A final reply to the first message, without a challenge in between."""
    for attempt in case.refused_attempts:
        if not is_ntlm(attempt) or attempt.offered is False or attempt.refusal is None or has_challenge(attempt):
            continue
        kind = sent_kind(attempt)
        if kind == "negotiate":
            return Weight(0.92, (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[-1:]))
        if kind == "other":
            because = "What stands in the place of the first NTLM message is no NTLM message."
            return Weight(0.85, (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[-1:]), because)
    return case.said("ntlm-negotiate-rejected")
