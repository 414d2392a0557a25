"""A scanner or proxy breaks into TLS with a certificate of its own."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings import Evidence
from smtptrace.wire import Side, Span

FIX = {
    "any": (
        "Look: the issuer of the certificate the client sees (openssl s_client -starttls smtp -connect HOST:587 "
        "-showcerts) beside the one seen from elsewhere. Change: turn the mail scanning of the antivirus or "
        "proxy off, or trust its root."
    ),
}
REFERENCES = ("RFC 8446, 9.3",)
AT = ("SILENT", "TLS")
_MAKERS = re.compile(
    r"avast|\bavg\b|kaspersky|\beset\b|bitdefender|mcafee|norton|symantec|sophos|forti|zscaler|palo alto|blue ?coat"
    r"|check ?point|untangle|watchguard|netskope|dr\.?web|g ?data|trend ?micro|barracuda|squid|mitmproxy|charles"
    r"|mail shield|ssl.?(?:proxy|inspect)",
    re.IGNORECASE,
)


def weigh(case: Case) -> Weight | None:
    """The issuer of the certificate that was seen, or an error text that names one."""
    said = case.said("tls-interception")
    secured = case.session.tls
    certificate = secured.certificate if secured else None
    if secured is None or certificate is None or not _MAKERS.search(certificate.issuer):
        return said
    place = Span(Side.SERVER, 0, 0, secured.time_ns, secured.frame)
    return strongest(Weight(0.93, (Evidence(f"certificate issued by {certificate.issuer}", place),)), said)
