"""The content holds what some servers take for its end and others do not (SMTP smuggling)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._evidence import text_of
from smtptrace.findings._finding import Basis, Evidence, Facet, Severity, Sight
from smtptrace.smtp import Anomaly, Content, Session
from smtptrace.wire import Side, Span

SEVERITY = Severity.HIGH
NEEDS = Facet.ANOMALIES
INNOCENT = ("a program that writes the line ends of its own system, in a message with a line of one dot",)
REFERENCES = ("CVE-2023-51764", "CVE-2023-51765", "CVE-2023-51766", "RFC 5321, 4.1.1.4", "CWE-93")
ADVICE = (
    "Update the servers on the way and let them refuse bare line ends (Postfix smtpd_forbid_bare_newline, Exim "
    "4.97.1, Sendmail 8.18). Look for a second message accepted by the server behind."
)
_SECOND = re.compile(rb"(?im)^(?:EHLO|HELO|MAIL FROM:|RSET|RCPT TO:)[^\r\n]{0,512}")
_MOST_LINES = 3
_REACH = 64 * 1024
"""Octets behind the place in which a second message is looked for."""


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """Each disagreement, and what a tolerant server would have taken as a second message."""
    for anomaly in _anomalies.of_kind(session, "end-of-data-disagreement"):
        hidden = tuple(_hidden(session, anomaly))
        words = f"{anomaly.detail[:1].upper()}{anomaly.detail[1:]}"
        if hidden:
            sender = next((line.text for line in hidden if line.text.upper().startswith("MAIL")), hidden[0].text)
            summary = f"{words}: consistent with SMTP smuggling; a tolerant server takes a second message ({sender})"
            yield Sight(summary, (_anomalies.shown(session, [anomaly])[0], *hidden), Severity.HIGH, 0.9)
        else:
            yield Sight(words, _anomalies.shown(session, [anomaly]), Severity.MEDIUM, 0.6, Basis.OBSERVED)


def _hidden(session: Session, anomaly: Anomaly) -> Iterator[Evidence]:
    """Commands that stand in the content behind the place."""
    content = _content_at(session, anomaly.span)
    if content is None or anomaly.span is None or content.span is None:
        return
    from_here = max(0, anomaly.span.start - content.span.start - 2)
    text = content.data if content.data is not None else content.head
    for number, found in enumerate(_SECOND.finditer(text, from_here, from_here + _REACH)):
        if number == _MOST_LINES:
            return
        start = content.span.start + found.start()
        yield Evidence(
            text_of(found.group()),
            Span(Side.CLIENT, start, start + len(found.group()), anomaly.span.time_ns, anomaly.span.frame),
        )


def _content_at(session: Session, span: Span | None) -> Content | None:
    if span is None:
        return None
    contents = [each.content for each in session.transactions if each.content and each.content.span]
    inside = [
        each for each in contents if each.span and each.span.start <= span.start <= max(each.span.stop, span.start)
    ]
    return inside[-1] if inside else None
