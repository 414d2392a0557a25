"""The client ends its lines in CR NUL (telnet in character mode), so the server sees no line end."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings._evidence import of_command

FIX = {
    "any": (
        "Look: the client's octets: 0d 00 where 0d 0a belongs. Change: telnet in line mode (unset crmod, or "
        "toggle crlf), or use nc -C or smtptrace connect."
    ),
}
REFERENCES = ("RFC 854 (NVT: CR NUL)", "RFC 5321, 2.3.8")
AT = ("OTHER", "UNASKED", "EHLO", "GREETING", "SILENT")


def weigh(case: Case) -> Weight | None:
    """CR NUL in what the client sent, and no line of it answered."""
    told = case.anomaly("cr-nul-line-end")
    lines = [
        exchange.command for _, exchange in case.numbered[:64] if exchange.command and b"\r\0" in exchange.command.raw
    ]
    if told is None and not lines:
        return None
    shown = told or of_command(lines[0])
    refused = tuple(case.first.evidence[-1:]) if case.first else ()
    return Weight(CERTAIN, (shown, *refused))
