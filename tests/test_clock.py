"""Clock witnesses."""

from __future__ import annotations

from support.dialogue import START_NS, session

from smtptrace.clock import witnesses
from smtptrace.trace import Trace, trace_session

SAID = """
    S: 220 mail.example Microsoft ESMTP MAIL Service ready at Fri, 2 Jan 2026 04:04:15 +0100
    C: EHLO a
    S: 250 ok
    C: MAIL FROM:<a@b.example>
    S: 250 ok
    C: RCPT TO:<c@d.example>
    S: 250 ok
    C: DATA
    S: 354 go
    C: Received: from x by y; Fri, 2 Jan 2026 03:04:00 +0000
    C: Date: Fri, 2 Jan 2026 03:03:55 +0000
    C> \\r\\n
    C: hello
    C: .
    S: 250 ok
"""


def _trace(script: str) -> Trace:
    return trace_session(session(script))


def test_greeting_and_message_fields_are_compared_with_the_capture() -> None:
    """Each statement with whose clock it is; 2026-01-02T03:04:05Z is when the capture begins."""
    assert START_NS == 1_767_323_045 * 10**9
    found = {witness.kind: (witness.whose, round(witness.offset_s)) for witness in witnesses(_trace(SAID))}
    assert found == {"greeting": ("server", 10), "Date field": ("client", -10), "Received field": ("relay", -5)}


def test_what_is_no_date_is_no_witness() -> None:
    """Absurd or broken dates are left out."""
    script = "S: 220 at Fri, 99 Jan 2026 04:04:15 +0100\nC: QUIT\nS: 221 Fri, 2 Jan 2026 99:04:15 +0100"
    assert not list(witnesses(_trace(script)))
