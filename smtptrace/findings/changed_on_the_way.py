"""Segments of the connection disagree about the same octets: one end may have read other octets than stand here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.MEDIUM
NEEDS = Facet.ANOMALIES
INNOCENT = ("a faulty network card or middlebox",)
REFERENCES = ("RFC 9293, 3.10.7.4", "CWE-444", "MITRE ATT&CK T1562")
ADVICE = "Compare with a capture taken at the server before relying on these octets."
_KINDS = ("overlap-differs", "out-of-window", "octets-after-fin", "syn-inside", "reset-ignored")
_WORDS = "Segments of this connection disagree or lie outside it: consistent with an attack on whoever listens"


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The first places, and how many there are."""
    found = _anomalies.of_kind(session, *_KINDS)
    if found:
        yield Sight(
            _anomalies.counted(
                found,
                _WORDS,
            ),
            _anomalies.shown(session, found),
        )
