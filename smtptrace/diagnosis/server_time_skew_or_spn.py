"""Kerberos behind the login fails: clocks apart, a wrong service principal name, or no domain controller."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest

FIX = {
    "any": (
        "Look: w32tm /stripchart or chronyc sources on both hosts; setspn -L or kvno. Change: set the clocks "
        "right (within 5 minutes) and mend the service principal name."
    ),
    "exchange": (
        "Look: w32tm /monitor; setspn -L SERVER (SMTP, SMTPSVC); setspn -X; event 1035 on the receiver. Change: "
        "set the clocks right, register the missing or remove the doubled name, open the Kerberos ports to the "
        "domain controllers."
    ),
}
REFERENCES = ("RFC 4120, 7.5.9", "https://support.microsoft.com/en-us/topic/kb979175")
AT = ("AUTH",)
_KERBEROS = frozenset(("GSSAPI", "EXCHANGEAUTH", "GSS-SPNEGO"))


def weigh(case: Case) -> Weight | None:
    """A temporary failure of a mechanism that rests on Kerberos, or words that say so."""
    said = case.said("server-time-skew-or-spn")
    for attempt in case.refused_attempts:
        verb = attempt.exchange.command.verb if attempt.exchange.command else ""
        kerberos = attempt.mechanism in _KERBEROS or verb == "X-EXPS"
        if kerberos and attempt.code == 454 and attempt.refusal is not None:
            return strongest(Weight(0.9, (attempt.refusal.evidence[-1], *attempt.refusal.evidence[:-1])), said)
    return said
