"""One side knows only versions or ciphers of TLS that the other no longer takes."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight, strongest
from smtptrace.findings import Evidence
from smtptrace.wire import Side, Span

FIX = {
    "any": (
        "Look: openssl s_client -starttls smtp -connect HOST:587 -tls1_2 (then -tls1_1). Change: update the side "
        "that knows no TLS 1.2; an exception for TLS 1.0 is a last resort, limited to one client."
    ),
}
REFERENCES = ("RFC 8996", "RFC 8446, 4.1")
AT = ("SILENT",)
_OLD = frozenset(("SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1", "TLS 1.0", "TLS 1.1", "SSL 3.0", "1.0", "1.1"))


def weigh(case: Case) -> Weight | None:
    """Only old versions offered and a handshake that failed, or words about versions."""
    secured = case.session.tls
    said = case.said("tls-obsolete")
    if secured is None or not secured.offered or secured.alert is None or secured.opened:
        return said
    if not (set(secured.offered) <= _OLD or secured.alert[1] == "protocol_version"):
        return said
    place = Span(Side.CLIENT, 0, 0, secured.time_ns, secured.frame)
    shown = Evidence(f"the client offers {', '.join(secured.offered)}; TLS alert: {secured.alert[1]}", place)
    return strongest(Weight(0.94, (shown,)), said)
