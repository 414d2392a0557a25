"""STARTTLS was masked on the way (XXXXXXXA), so the session stays in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._evidence import of_reply
from smtptrace.findings._finding import Basis, Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.HIGH
NEEDS = Facet.OFFER_IN_CLEAR
BASIS = Basis.INFERRED
INNOCENT = ("inspection of SMTP on one's own firewall, which has this effect by default",)
REFERENCES = ("RFC 3207, 6", "CWE-757", "MITRE ATT&CK T1557")
ADVICE = "Look at the same EHLO from the other side of the firewall; let it pass TLS (Cisco: allow-tls). Use port 465."
_CROSSED = re.compile("X{4,}[A-Z]?$")


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """A crossed-out keyword in an EHLO reply in clear."""
    crossed = [keyword for keyword in session.extensions or () if keyword[:4] == "XXXX" and _CROSSED.match(keyword)]
    if not crossed:
        return
    length = {len(keyword) for keyword in crossed}
    certain = 0.95 if 8 in length else 0.7
    for exchange in session.exchanges:
        reply = exchange.reply
        if (
            exchange.command
            and exchange.command.verb == "EHLO"
            and reply
            and any(b"XXXX" in line for line in reply.lines)
        ):
            evidence = (of_reply(reply, b"XXXX"),)
            yield Sight(
                f"The EHLO reply holds {crossed[0]}: consistent with STARTTLS masked on the way",
                evidence,
                confidence=certain,
            )
            return
