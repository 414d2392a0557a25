"""The user name was sent with AUTH LOGIN, to a server that does not take it there."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight

FIX = {
    "any": (
        "Look: is there anything after AUTH LOGIN? Change: let the client send AUTH LOGIN alone and answer the "
        "two prompts, use PLAIN, or update the server (.NET SmtpClient and smtplib send the name with the "
        "command)."
    ),
}
REFERENCES = ("RFC 4954, 4", "MS-XLOGIN, 2.2.1")
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """Refused at once with the name on the line, or prompted for the name again."""
    said = case.said("auth-login-initial-response-unsupported")
    for attempt in case.refused_attempts:
        if attempt.mechanism != "LOGIN" or attempt.exchange.initial is None or attempt.refusal is None:
            continue
        if "initial-response-ignored" in attempt.problems:
            return Weight(
                0.92, attempt.refusal.evidence, "The server asked for the user name again: it had not taken it."
            )
        if attempt.at_once and attempt.offered is not False and attempt.code in {500, 501, 502, 503, 504, 553, 554}:
            sure = 0.93 if attempt.offered else 0.8
            return Weight(sure, attempt.refusal.evidence)
    return said
