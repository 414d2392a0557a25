"""The exchange is in order; the server refuses this user and password."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import PLAUSIBLE, Weight, strongest

FIX = {
    "any": (
        "Look: the server's log at this time says which: user unknown, password wrong, account locked. Try the "
        "form of the user name (with and without domain). Change: correct user or password in the client."
    ),
    "exchange": (
        "Look: the protocol log (Inbound AUTH ... failed because of ...) and security event 4625 on the server. "
        "Change: use DOMAIN\\user or user@domain with the right password; unlock the account."
    ),
    "exchange-online": (
        "Look: the sign-in log of Entra ID for this user. Change: correct the password, or move to OAuth."
    ),
    "gmail": "Look: was the 16-letter app password sent? Change: make an app password, or use XOAUTH2.",
    "postfix": (
        "Look: the mail log (SASL ... authentication failed), doveadm auth test USER, or testsaslauthd. Change: "
        "correct user (with or without domain) and password."
    ),
    "exim": (
        "Look: the main log (authenticator failed for ... set_id=). Change: correct user and password in the client."
    ),
    "dovecot": "Look: doveadm auth test USER. Change: correct user and password in the client.",
    "hmailserver": (
        "Look: the SMTP log of the server. Change: use the whole address as the user name, and its password."
    ),
    "amazon-ses": "Look: the SMTP credentials of this region. Change: create SMTP credentials for the region in use.",
}
REFERENCES = ("RFC 4954, 6 (535 5.7.8)",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """A whole exchange that ended in a refusal, unless something in it explains the refusal better."""
    said = case.said("wrong-credentials")
    for attempt in case.refused_attempts:
        if attempt.refusal is None or attempt.code not in {535, 534, 530, 501, 550, 554}:
            continue
        if attempt.offered is False and attempt.at_once:
            return None
        if _complete(attempt) and attempt.code == 535 and not attempt.refusal.mute:
            return strongest(Weight(PLAUSIBLE, attempt.refusal.evidence), said)
    if said is not None and case.refused("AUTH") is None and case.attempts and not case.remarks:
        return None
    return said


def _complete(attempt: Attempt) -> bool:
    return attempt.exchange.initial is not None or any(each.response is not None for each in attempt.exchange.rounds)
