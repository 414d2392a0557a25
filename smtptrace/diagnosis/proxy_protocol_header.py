"""A PROXY header of a load balancer stands before the first command, and the server takes it for a command."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings import Evidence
from smtptrace.findings._evidence import of_command

FIX = {
    "any": (
        "Look: send-proxy, proxy_protocol or PROXY in the load balancer's settings. Change: turn it off there, "
        "or on in the server (the same on both sides)."
    ),
    "postfix": (
        "Look: postconf smtpd_upstream_proxy_protocol postscreen_upstream_proxy_protocol. Change: set it to "
        "haproxy, or turn the header off in the balancer."
    ),
    "exim": "Look: exim -bP hosts_proxy. Change: name the balancer there, or turn the header off in it.",
    "exchange": "Change: turn the header off in the balancer; Exchange reads none.",
}
REFERENCES = ("https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt",)
AT = ("OTHER", "UNASKED", "EHLO", "SILENT")


def weigh(case: Case) -> Weight | None:
    """The header, text or binary, among the first lines of the client."""
    told = case.anomaly("proxy-header")
    if told is not None and case.failed:
        return Weight(CERTAIN, (told, *_refused(case)))
    first = [exchange.command for _, exchange in case.numbered[:6] if exchange.command]
    for command in first:
        if command.raw.startswith((b"PROXY TCP", b"PROXY UNKNOWN")) or _is_torn(command.raw):
            return Weight(CERTAIN, (of_command(command), *_refused(case)))
    return case.said("proxy-protocol-header")


def _is_torn(raw: bytes) -> bool:
    """Whether it is a piece of a version 2 header: `QUIT`, and what follows is its version octet and more."""
    piece = raw.startswith(b"!") and not raw[1:2].isalnum()
    return piece or raw in {b"\0\r\n", b"\0\n"} or b"QUIT\n!" in raw or b"QUIT\\n!" in raw


def _refused(case: Case) -> tuple[Evidence, ...]:
    return case.first.evidence[-1:] if case.first else ()
