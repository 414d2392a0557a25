"""The login is bound to the TLS connection of the client, and a relay that opens TLS puts another in its place."""

from __future__ import annotations

from smtptrace.diagnosis._case import Attempt, Case
from smtptrace.diagnosis._weight import CERTAIN, FAINT, STRONG, Weight
from smtptrace.findings._evidence import of_responses

FIX = {
    "any": (
        "Look: the same login without the relay, or relayed with --passthrough. Change: for as long as the relay "
        "opens TLS, log in with a mechanism that is not bound (SCRAM without -PLUS, PLAIN), or let the relay pass "
        "TLS through."
    ),
    "exchange": (
        "Look: the same login without the relay; Get-ReceiveConnector | fl Name,ExtendedProtectionPolicy. Change: "
        "for as long as the relay opens TLS, log in with LOGIN or PLAIN, or let the relay pass TLS through."
    ),
}
REFERENCES = ("RFC 5056", "RFC 5929", "RFC 5802, 6", "MS-NLMP, 2.2.2.1 (MsvAvChannelBindings)")
AT = ("AUTH",)

_KERBEROS = frozenset(("GSSAPI", "GSS-SPNEGO", "GS2-KRB5", "EXCHANGEAUTH"))
_BOUND = (
    "The client bound its proof to the TLS connection it sees, which is that with the relay; the server sees another."
)


def weigh(case: Case) -> Weight | None:
    """A refused login that says what it is bound to, behind a relay that says of itself that it opens TLS."""
    relay = case.session.connection.facts.get("relay", "")
    for attempt in case.refused_attempts:
        if attempt.exchange.tls and attempt.refusal is not None and relay in {"opens TLS", "adds TLS"}:
            sure, because = _bound(attempt) if relay == "opens TLS" else _unbound(attempt)
            if sure:
                return Weight(sure, (*of_responses(attempt.exchange)[-2:], attempt.refusal.evidence[-1]), because)
    return None


def _bound(attempt: Attempt) -> tuple[float, str]:
    """What of a login goes wrong where the client sees the TLS of the relay."""
    mechanism = attempt.mechanism
    binding = attempt.credential.details.get("channel_binding") if attempt.credential else None
    if mechanism.endswith("-PLUS") or binding == "present":
        return CERTAIN, _BOUND
    if mechanism == "EXTERNAL":
        return STRONG, "EXTERNAL rests on the client's certificate, which the server does not see behind a relay."
    if mechanism in _KERBEROS:
        return FAINT, "Kerberos may hold such a binding where nobody can see it."
    if mechanism == "NTLM" and binding is not None:
        return FAINT, "A server that demands Extended Protection refuses NTLM without it."
    return 0.0, ""


def _unbound(attempt: Attempt) -> tuple[float, str]:
    """What goes wrong where the client sees no TLS, and the server does."""
    binding = attempt.credential.details.get("channel_binding") if attempt.credential else None
    if attempt.mechanism == "NTLM" or attempt.mechanism in _KERBEROS:
        return FAINT, "The client came in clear and could bind its login to nothing; a server may demand that it does."
    if attempt.mechanism.startswith("SCRAM-") and (binding or "").startswith("supported by client"):
        return STRONG, "The client could bind its login and believes that the server cannot; the server knows better."
    return 0.0, ""
