"""The server offers a mechanism that does not work for its users or this purpose, and the client picks it."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import LIKELY, Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: do other programs log in with another mechanism of the AUTH line? Change: set the client to that "
        "one (LOGIN or PLAIN inside TLS), or take the broken mechanism out of the server's list."
    ),
    "sendmail": (
        "Look: sasldblistusers2; DIGEST-MD5 and CRAM-MD5 need the password there. Change: take them out of "
        "AUTH_MECHANISMS and TRUST_AUTH_MECH, or set the client to PLAIN or LOGIN inside TLS."
    ),
    "postfix": (
        "Look: mech_list in smtpd.conf, sasldblistusers2. Change: leave PLAIN and LOGIN only, unless the "
        "passwords are in sasldb."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl AuthMechanism. Change: take Integrated off the client connector, so "
        "that GSSAPI is no longer offered, or set the client to NTLM or LOGIN."
    ),
}
REFERENCES = ("RFC 4954, 4", "RFC 4422, 4")
AT = ("AUTH", "RCPT")
_SHARED_SECRET = frozenset(("DIGEST-MD5", "CRAM-MD5"))
_TICKET = frozenset(("GSSAPI", "GSS-SPNEGO", "EXTERNAL"))
_SIMPLE = frozenset(("PLAIN", "LOGIN"))


def weigh(case: Case) -> Weight | None:
    """A refused shared-secret or ticket mechanism beside simple ones, or a login that gives no right to relay."""
    for attempt in case.refused_attempts:
        if attempt.refusal is not None and _picked_badly(case, attempt):
            return Weight(_sure(case, attempt), attempt.refusal.evidence)
    return _no_right(case)


def _picked_badly(case: Case, attempt: Attempt) -> bool:
    offered = set(attempt.offer.mechanisms or ()) if attempt.offer else set()
    hard = attempt.mechanism in _SHARED_SECRET | _TICKET
    return hard and bool(_SIMPLE & offered) and attempt.offered is True and case.said("server-time-skew-or-spn") is None


def _sure(case: Case, attempt: Attempt) -> float:
    """Dovecot and Postfix with it know the secrets of what they offer; sendmail and Cyrus SASL often do not."""
    if attempt.mechanism in _TICKET:
        return 0.82
    if attempt.mechanism == "DIGEST-MD5":
        return 0.84 if case.flavour in {"sendmail", "zimbra"} else 0.6
    return 0.5


def _no_right(case: Case) -> Weight | None:
    """235, and then the answer of a server that knows no login."""
    refusal = case.refused("RCPT")
    login = case.logged_in(refusal.index) if refusal else None
    said = case.said("relay-denied-unauthenticated")
    if refusal is None or login is None or said is None or said.confidence < LIKELY:
        return None
    if any(login.index < index < refusal.index for index, _ in case.sent("EHLO", "HELO")):
        return None
    shown = (of_reply(login.exchange.reply),) if login.exchange.reply else ()
    because = "The login is accepted but gives no right to relay."
    return Weight(LIKELY + 0.1, (refusal.evidence[-1], *shown), because)
