"""The TLS handshake fails after the 220 of STARTTLS."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import LIKELY, Weight
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_note, of_reply
from smtptrace.wire import Side, Span

FIX = {
    "any": (
        "Look: openssl s_client -starttls smtp -connect HOST:587 (add -tls1_2, -tls1_3) and the server's log. "
        "Change: update the side that knows no TLS 1.2, or mend certificate and cipher settings."
    ),
    "postfix": (
        "Look: postconf smtpd_tls_protocols smtpd_tls_mandatory_protocols smtpd_tls_cert_file; the log line TLS "
        "library problem. Change: update the client; correct certificate, key or protocols."
    ),
    "exchange": (
        "Look: Get-ExchangeCertificate | fl Services,NotAfter,Thumbprint; Schannel events. Change: bind a valid "
        "certificate to SMTP, and turn TLS 1.2 on (Schannel registry keys)."
    ),
}
REFERENCES = ("RFC 3207, 4.1", "RFC 8446, 6")
AT = ("SILENT",)
_CERTIFICATE = re.compile(r"unknown_ca|bad_certificate|certificate|unknown ca", re.IGNORECASE)


def weigh(case: Case) -> Weight | None:
    """An alert, or trouble that is noted, after STARTTLS was accepted."""
    secured = case.session.tls
    said = case.said("tls-handshake-failed-after-starttls")
    if secured is not None and secured.alert is not None and not secured.opened and not secured.implicit:
        side, words = secured.alert
        if not secured.octets_after_alert or words not in {"close_notify"}:
            place = Span(Side(side), 0, 0, secured.time_ns, secured.frame)
            sure = 0.5 if _CERTIFICATE.search(words) else 0.92
            fatal = words != "close_notify"
            return (
                Weight(sure, (Evidence(f"TLS alert of the {Side(side).name.lower()}: {words}", place),))
                if fatal
                else None
            )
    accepted = _accepted(case)
    if accepted is None:
        return _before(case, said)
    inside = any(index >= case.tls_from and exchange.command for index, exchange in case.numbered)
    if inside:
        return None
    if said is not None:
        return Weight(
            0.7 if _about_certificate(case) else max(said.confidence, 0.9), (*said.evidence, accepted), said.because
        )
    noted = tuple(of_note(note) for note in case.remarks[:1])
    return Weight(LIKELY if noted else 0.5, (*noted, accepted)) if noted or (secured is None and case.is_text) else None


def _about_certificate(case: Case) -> bool:
    """Whether the words say that the certificate is what was refused."""
    said = (case.said("tls-cert-verify-failed"), case.said("tls-interception"))
    return any(weight is not None and weight.confidence > 0.6 for weight in said)


def _before(case: Case, said: Weight | None) -> Weight | None:
    """Where nothing shows a STARTTLS, the words alone."""
    if said is None or case.offers or case.session.greeting is not None:
        return Weight(said.confidence * 0.6, said.evidence, said.because) if said else None
    return Weight(said.confidence * 0.9, said.evidence, said.because)


def _accepted(case: Case) -> Evidence | None:
    for _, exchange in case.sent("STARTTLS", "X-ANONYMOUSTLS"):
        if exchange.reply is not None and exchange.reply.code == 220:
            return of_reply(exchange.reply)
    return None
