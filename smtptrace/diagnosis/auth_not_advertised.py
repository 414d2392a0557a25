"""No EHLO reply of the session offers AUTH to this client, also not inside TLS."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case, Offer
from smtptrace.diagnosis._weight import LIKELY, STRONG, Weight
from smtptrace.findings._evidence import of_reply

FIX = {
    "any": (
        "Look: send EHLO by hand on the same port, and inside TLS (openssl s_client -starttls smtp -connect "
        "HOST:587). Change: use the submission port (587 or 465), or turn AUTH on for this port and this "
        "client's network."
    ),
    "postfix": (
        "Look: postconf -n | grep -e sasl -e mynetworks; postconf -M. Change: set smtpd_sasl_auth_enable=yes for "
        "this service, and take the client out of smtpd_sasl_exceptions_networks."
    ),
    "exim": (
        "Look: exim -bP auth_advertise_hosts authenticator_list, and the server_advertise_condition of each "
        "authenticator. Change: let auth_advertise_hosts match this client, inside TLS if the condition asks for "
        "it."
    ),
    "exchange": (
        "Look: Get-ReceiveConnector | fl Identity,Bindings,RemoteIPRanges,AuthMechanism,PermissionGroups. "
        "Change: use the client connector (587), or add BasicAuth or Integrated to the connector that matched "
        "this address."
    ),
    "sendmail": (
        "Look: sendmail -d0.1 -bv root | grep SASL, and TRUST_AUTH_MECH in sendmail.mc. Change: build or "
        "configure SASL."
    ),
}
REFERENCES = ("RFC 4954, 3",)


def weigh(case: Case) -> Weight | None:
    """What was offered in every EHLO, and whether the client sent AUTH all the same or stopped there."""
    said = case.said("auth-not-advertised")
    last = case.offers[-1] if case.offers else None
    if last is None or last.helo or last.mechanisms != () or _elsewhere(case, last):
        return said if last is None or last.mechanisms is None else None
    shown = of_reply(last.reply, last.reply.lines[-1].upper())
    for attempt in case.refused_attempts:
        if attempt.offered is False and attempt.refusal is not None:
            return Weight(
                0.94, (*attempt.refusal.evidence, shown), "The client sends AUTH, which the server does not offer it."
            )
    if said is not None:
        return Weight(max(said.confidence, STRONG), (*said.evidence, shown), said.because)
    if _stopped(case, last):
        return Weight(LIKELY, (shown,), "The server offers no AUTH, and the client goes no further.")
    return None


def _elsewhere(case: Case, last: Offer) -> bool:
    """Whether AUTH may be had: inside TLS that was not begun, or it stood in an earlier reply of the same state."""
    could_upgrade = bool(last.has("STARTTLS")) and not last.tls and not case.began_tls
    return could_upgrade or any(offer.mechanisms and offer.index > case.tls_from for offer in case.offers)


def _stopped(case: Case, last: Offer) -> bool:
    later = any(index > last.index and exchange.command for index, exchange in case.numbered)
    return case.is_text and not later and not case.refusals
