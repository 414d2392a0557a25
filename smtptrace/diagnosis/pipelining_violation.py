"""The client sends on without waiting for the reply it has to wait for."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: the times of the client's lines against the replies. Change: wait for every reply, always for the "
        "greeting, 354 and the reply to EHLO; pipeline only where PIPELINING is offered."
    ),
    "exim": (
        "Look: the log line synchronization error with input=. Change: mend the client; smtp_enforce_sync = "
        "false is a last resort."
    ),
    "postfix": "Look: postconf -n | grep unauth_pipelining. Change: mend the client.",
    "opensmtpd": "Change: mend the client: this server offers no PIPELINING.",
}
REFERENCES = ("RFC 2920, 3.1", "RFC 5321, 4.3.1")
_EARLY = ("early-talker", "pipelining-not-offered", "reply-not-awaited", "starttls-injection")


def weigh(case: Case) -> Weight | None:
    """The words, or octets sent too early in a session that was then refused."""
    said = case.said("pipelining-violation")
    early = case.anomaly(*_EARLY)
    refusal = case.first
    if early is not None and refusal is not None and refusal.reply.code in {500, 501, 503, 554, 550, 421, 451}:
        others = set(case.wordings) - {"pipelining-violation", "tls-on-wrong-port"}
        return strongest(Weight(0.45 if others or refusal.mute else 0.82, (*refusal.evidence[-1:], early)), said)
    return said
