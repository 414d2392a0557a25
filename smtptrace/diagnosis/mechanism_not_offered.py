"""The client uses a SASL mechanism that is not in the AUTH line in force."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: the AUTH line of the last EHLO reply. Change: set the client to one of the mechanisms that stand there."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,Bindings,RemoteIPRanges,AuthMechanism. Change: use a mechanism "
        "that the connector offers (Exchange never offers PLAIN), or set AuthMechanism on the connector that "
        "serves this client."
    ),
    "exchange-online": (
        "Exchange Online offers LOGIN and XOAUTH2 after STARTTLS. Change: set the client to one of them."
    ),
    "postfix": (
        "Look: postconf -n | grep sasl; doveconf -n auth_mechanisms (Dovecot) or the mech_list of smtpd.conf "
        "(Cyrus). Change: set the client to an offered mechanism, or add the mechanism there."
    ),
    "exim": (
        "Look: exim -bP authenticator_list. Change: set the client to an offered mechanism, or add an authenticator."
    ),
    "hmailserver": (
        "Look: Settings, Advanced, in the administrator. Change: allow plain text authentication, or use LOGIN."
    ),
}
REFERENCES = ("RFC 4954, 4",)
AT = ("AUTH",)


def weigh(case: Case) -> Weight | None:
    """The mechanism that was sent against those offered when it was sent."""
    for attempt in case.refused_attempts:
        if attempt.offered is False and attempt.offer and attempt.offer.mechanisms:
            return Weight(_sure(attempt), _evidence(attempt), _because(attempt))
    return case.said("mechanism-not-offered")


def _sure(attempt: Attempt) -> float:
    return CERTAIN if attempt.at_once else 0.8


def _evidence(attempt: Attempt) -> tuple[Evidence, ...]:
    assert attempt.offer is not None and attempt.refusal is not None
    offered = of_reply(attempt.offer.reply, b"AUTH")
    return (*attempt.refusal.evidence, offered)


def _because(attempt: Attempt) -> str:
    assert attempt.offer is not None
    offered = ", ".join(dict.fromkeys(attempt.offer.mechanisms or ()))
    return f"The client sends AUTH {attempt.mechanism}, but the server offers {offered} only."
