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
AT = ("SILENT",)
_PORT = re.compile(r"[:= ](?:465|990|991|993|994|995|2465|4465)\b")
_TLS_PORTS = frozenset((465, 2465, 4465, 990, 991, 994))
_NO_GREETING = re.compile(
    r"greeting|banner|waiting for .{0,20}(?:220|welcome)|unexpected(?:ly)? (?:eof|closed)|response: -1"
    r"|socket close|connection (?:closed|reset)|exception reading response|lost connection|EOF",
    re.IGNORECASE,
)
_SILENCE = re.compile(r"timed? ?out|timeout", re.IGNORECASE)
_CONNECTED = re.compile(r"connect(?:ed|ion established)", re.IGNORECASE)


def weigh(case: Case) -> Weight | None:
    """A connection that stands, without a greeting: surest on a port that is known for TLS."""
    session = case.session
    if session.greeting is not None or session.octets[1] or session.tls is not None or case.offers:
        return None
    said = case.said("plaintext-to-implicit-tls-port")
    where = _port_noted(case)
    tls_port = session.connection.server.port in _TLS_PORTS or where is not None
    note = _silent(case)
    if note is not None and tls_port:
        return Weight(0.88, (of_note(note), *((of_note(where),) if where else ())))
    if note is not None and said is not None:
        return Weight(0.62 if _has(case, _CONNECTED) else 0.5, (of_note(note), *said.evidence))
    talked = [exchange.command for _, exchange in case.numbered[:1] if exchange.command]
    if tls_port and talked and _ended(case):
        return Weight(0.8, (of_command(talked[0]),))
    return None


def _port_noted(case: Case) -> Note | None:
    return next((note for note in case.session.notes[:32] if _PORT.search(note.text)), None)


def _silent(case: Case) -> Note | None:
    """The note that tells of no greeting; a mere timeout counts where the connection stood."""
    found = next((each for each in case.remarks if _NO_GREETING.search(each.text)), None)
    if found is None and _has(case, _CONNECTED):
        found = next((each for each in case.remarks if _SILENCE.search(each.text)), None)
    return found


def _has(case: Case, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(note.text) for note in case.session.notes[:32])


def _ended(case: Case) -> bool:
    return any(close.how is not Closing.END_OF_CAPTURE for close in case.session.closes)
