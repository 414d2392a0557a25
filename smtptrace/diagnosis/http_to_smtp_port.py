"""An HTTP client talks to the SMTP port."""

from __future__ import annotations

import re

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import CERTAIN, Weight
from smtptrace.findings._evidence import of_command

FIX = {
    "any": (
        "Look: who connects (client address and User-Agent line). Change: point the health check or program at "
        "the HTTP port, or make it a TCP check."
    ),
}
REFERENCES = ("RFC 9112, 3", "RFC 5321, 7.8")
AT = ("OTHER", "UNASKED", "GREETING", "SILENT")
_REQUEST = re.compile(rb"(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PRI|TRACE|PATCH) \S{1,2000} HTTP/[0-9]")


def weigh(case: Case) -> Weight | None:
    """A request line among the commands, or in a server's log."""
    for _, exchange in case.numbered[:32]:
        if exchange.command is not None and _REQUEST.match(exchange.command.raw):
            reply = case.first.evidence[-1:] if case.first else ()
            return Weight(CERTAIN, (of_command(exchange.command), *reply))
    return case.said("http-to-smtp-port")
