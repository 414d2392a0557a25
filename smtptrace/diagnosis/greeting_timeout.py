"""The connection stands, but no greeting comes in time."""

from __future__ import annotations

from smtptrace.diagnosis._case import Case
from smtptrace.diagnosis._weight import Weight
from smtptrace.findings import Evidence
from smtptrace.wire import Opening, Side, Span

FIX = {
    "any": (
        "Look: nc -v HOST PORT and wait two minutes; openssl s_client -connect HOST:PORT. If TLS answers, it is "
        "a port for TLS from the start. Change: the right mode; else mend the server's slow lookups, or raise "
        "the client's timeout to 5 minutes."
    ),
}
REFERENCES = ("RFC 5321, 4.5.3.2.1",)
AT = ("SILENT",)


def weigh(case: Case) -> Weight | None:
    """No octet of the server after the connection was opened."""
    session = case.session
    said = case.said("greeting-timeout")
    one_sided = session.octets[0] and not case.is_text
    if session.greeting is not None or session.octets[1] or session.tls is not None or one_sided:
        return None
    if said is None and session.opened is not None and session.opened.how is Opening.SYN_SEEN and session.closes:
        opened = session.opened
        place = Span(Side.SERVER, 0, 0, opened.time_ns, opened.frame)
        return Weight(0.6, (Evidence("(the connection is opened, and the server says nothing)", place),))
    return said
