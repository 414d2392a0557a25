"""Lines end in LF or CR alone, which servers read differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _anomalies
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.LOW
NEEDS = Facet.ANOMALIES
INNOCENT = ("a program that writes the line ends of its own system",)
REFERENCES = ("RFC 5321, 2.3.8 and 4.1.1.4", "CWE-93")
ADVICE = "Let the client end every line in CR LF; the disagreement about line ends is what SMTP smuggling lives on."


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """Bare LF and bare CR, in commands and in contents."""
    found = _anomalies.of_kind(session, "bare-lf", "bare-cr", "cr-nul-line-end")
    if found:
        kinds = " and ".join(
            dict.fromkeys({"bare-lf": "LF", "bare-cr": "CR", "cr-nul-line-end": "CR NUL"}[each.kind] for each in found)
        )
        yield Sight(_anomalies.counted(found, f"Lines end in {kinds} alone"), _anomalies.shown(session, found))
