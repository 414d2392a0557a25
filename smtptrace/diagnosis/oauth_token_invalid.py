"""The OAuth token is refused: expired, malformed, revoked, or not for this user."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._oauth import MECHANISMS, error_report, is_expired
from smtptrace.diagnosis._weight import PLAUSIBLE, Weight, strongest
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_reply, of_responses

FIX = {
    "any": (
        "Look: decode the token and the error report of the 334 (smtptrace decode). Change: fetch a fresh access "
        "token for the right user and scope; send an access token, not a refresh or id token."
    ),
    "gmail": (
        "Look: the 334 carries status and scope. Change: fetch a fresh access token with the scope "
        "https://mail.google.com/ for exactly this user."
    ),
    "exchange-online": (
        "Look: aud, scp, exp and upn of the token; the sign-in log of Entra ID. Change: a fresh token with "
        "SMTP.Send for this mailbox; SMTP AUTH must be on for it."
    ),
}
REFERENCES = ("RFC 7628, 3.2.2", "https://developers.google.com/workspace/gmail/imap/xoauth2-protocol")


def weigh(case: Case) -> Weight | None:
    """An error report in a 334, an expired token, or an OAuth login refused as it stands."""
    said = case.said("oauth-token-invalid")
    for attempt in case.attempts:
        if attempt.code == 235 or attempt.mechanism not in MECHANISMS:
            continue
        report = error_report(attempt)
        if report is not None:
            return strongest(
                Weight(0.94, (of_reply(report), *_end(attempt)), "The server's error report refuses the token."), said
            )
        if attempt.refusal is not None:
            return _refused(attempt, said)
    return said


def _refused(attempt: Attempt, said: Weight | None) -> Weight | None:
    assert attempt.refusal is not None
    evidence = (attempt.refusal.evidence[-1], *of_responses(attempt.exchange)[-1:])
    if is_expired(attempt):
        return Weight(0.95, evidence, "The token had expired when it was sent.")
    if said is None and attempt.code == 535 and attempt.offered is not False and not attempt.at_once:
        return Weight(PLAUSIBLE if attempt.refusal.mute else 0.78, evidence)
    if said is None and attempt.code == 535 and attempt.exchange.initial is not None and attempt.offered is not False:
        return Weight(0.3 if attempt.refusal.mute else 0.78, evidence)
    return said


def _end(attempt: Attempt) -> tuple[Evidence, ...]:
    return attempt.refusal.evidence[-1:] if attempt.refusal else ()
