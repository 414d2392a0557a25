"""The client speaks clear text on a port where TLS begins with the first octet, so no greeting comes."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings._evidence import of_command, of_note
from smtptrace.wire import Closing, Note

FIX = {
    "any": (
        "Look: openssl s_client -connect HOST:PORT: does a certificate come? Change: set the client to SSL/TLS "
        "(secure: true, smtps) on this port, or use 587 with STARTTLS."
    ),
}
REFERENCES = ("RFC 8314, 3.3",)
_PORT = re.compile(r"[:= ](?:465|990|991|993|994|995|2465|4465)\b")
_NO_GREETING = re.compile(
    r"greeting|banner|waiting for .{0,20}(?:220|welcome)|timed? ?out|timeout|unexpected(?:ly)? (?:eof|closed)"
    r"|socket close|connection closed|not connected|EOF",
    re.IGNORECASE,
)


def weigh(case: Case) -> Weight | None:
    """A connection that stands, without a greeting: surest on a port that is known for TLS."""
    session = case.session
    if session.greeting is not None or session.octets[1] or session.tls is not None or case.offers:
        return None
    said = case.said("plaintext-to-implicit-tls-port")
    note = next((each for each in case.remarks if _NO_GREETING.search(each.text)), None)
    tls_port = session.connection.server.port in {465, 2465, 990, 991, 994, 4465} or _port_noted(case) is not None
    if note is not None and (tls_port or said is not None):
        where = _port_noted(case)
        shown = (of_note(note), *((of_note(where),) if where else ()))
        connected = _connected(case)
        return Weight(0.9 if tls_port and (said or connected) else 0.62 if said else 0.4, shown)
    talked = [exchange.command for _, exchange in case.numbered[:1] if exchange.command]
    if tls_port and talked and _ended(case):
        return Weight(0.8, (of_command(talked[0]),))
    return None


def _port_noted(case: Case) -> Note | None:
    return next((note for note in case.session.notes[:32] if _PORT.search(note.text)), None)


def _connected(case: Case) -> bool:
    return any(
        re.search(r"connect(?:ed|ion established)", note.text, re.IGNORECASE) for note in case.session.notes[:32]
    )


def _ended(case: Case) -> bool:
    return any(close.how is not Closing.END_OF_CAPTURE for close in case.session.closes)
