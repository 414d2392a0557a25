"""The client begins TLS with its first octet on a port where the server speaks first in clear."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight, strongest
from smtptrace.findings._evidence import of_command, of_note, of_reply
from smtptrace.smtp import Exchange

FIX = {
    "any": (
        "Look: nc HOST PORT: does a 220 come by itself? Change: set the client to STARTTLS (not SSL/TLS, secure: "
        "true) on this port, or use port 465."
    ),
}
REFERENCES = ("RFC 8314, 3.3",)
AT = ("OTHER", "UNASKED", "GREETING", "SILENT")
_HELLO = re.compile(rb"\x16\x03[\x00-\x04]|\x80.\x01\x03")
_SET_SO = re.compile(
    r"secure: ?true|ssl: ?true|port: ?(?:587|25|2525)\b.*secure|\b(?:ssl|smtps)://[^ ]+:(?:25|587|2525)\b",
    re.IGNORECASE,
)


def weigh(case: Case) -> Weight | None:
    """A TLS record among the commands, or the error of a TLS library that met text."""
    for index, exchange in case.numbered[:16]:
        command = exchange.command
        if command is not None and _HELLO.match(command.raw) and case.in_clear(index):
            shown = (of_command(command), *((of_reply(exchange.reply),) if exchange.reply else ()))
            return Weight(
                CERTAIN, shown, "The client's first octets are a TLS record, sent to a server that speaks in clear."
            )
    hello = case.anomaly("tls-unasked")
    if hello is not None:
        return Weight(CERTAIN, (hello,))
    said = case.said("tls-on-wrong-port")
    if said is None:
        return None
    if any(_verb_is(exchange, "STARTTLS") for _, exchange in case.numbered):
        return Weight(said.confidence * 0.7, said.evidence, said.because)
    setting = case.remark(_SET_SO)
    return strongest(said, Weight(said.confidence, (of_note(setting),))) if setting else said


def _verb_is(exchange: Exchange, verb: str) -> bool:
    return exchange.command is not None and exchange.command.verb == verb
