"""The client cannot verify the server's certificate."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings import Evidence
from smtptrace.wire import Side, Span

FIX = {
    "any": (
        "Look: openssl s_client -starttls smtp -connect HOST:587 -showcerts -verify_hostname HOST. Change: "
        "connect by a name that stands in the certificate; install the missing intermediate on the server, or "
        "its authority on the client."
    ),
    "postfix": (
        "Look: postconf smtpd_tls_chain_files smtpd_tls_cert_file. Change: put the whole chain there, for the "
        "name clients use."
    ),
    "exchange": (
        "Look: Get-ExchangeCertificate | fl CertificateDomains,IsSelfSigned,NotAfter,Services. Change: bind a "
        "certificate of a trusted authority with the name clients use to SMTP."
    ),
}
REFERENCES = ("RFC 9525, 6", "RFC 5280, 6", "RFC 7817")
AT = ("SILENT",)
_ALERTS = re.compile(r"unknown_ca|bad_certificate|certificate_|unsupported_certificate", re.IGNORECASE)


def weigh(case: Case) -> Weight | None:
    """The client's alert about the certificate, or its error text."""
    said = case.said("tls-cert-verify-failed")
    maker = case.said("tls-interception")
    if said is not None and maker is not None and maker.confidence > 0.6:
        return Weight(said.confidence * 0.7, said.evidence, said.because)
    secured = case.session.tls
    alert = secured.alert if secured is not None and not secured.opened else None
    if secured is None or alert is None or not _ALERTS.search(alert[1]):
        return said
    place = Span(Side(alert[0]), 0, 0, secured.time_ns, secured.frame)
    return strongest(
        Weight(0.92, (Evidence(f"TLS alert of the {Side(alert[0]).name.lower()}: {alert[1]}", place),)), said
    )
