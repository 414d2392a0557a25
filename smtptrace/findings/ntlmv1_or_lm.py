"""NTLMv1 or LM was used: the answer gives the hash of the password away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings import _credentials
from smtptrace.findings._finding import Facet, Severity, Sight
from smtptrace.smtp import Session

SEVERITY = Severity.MEDIUM
NEEDS = Facet.CREDENTIALS
INNOCENT = ("an old device on a network of its own, or a server (Exim) that reads no other form",)
REFERENCES = ("MS-NLMP, 3.3.1", "CWE-327", "MITRE ATT&CK T1557")
ADVICE = "Update the client, then set LmCompatibilityLevel 5 on the domain controllers."
_OLD = frozenset(("NTLMv1", "NTLMv1-ESS", "LM"))


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:
    """Each NTLM login of an old kind, inside TLS too."""
    for credential in credentials:
        kind = credential.details.get("ntlm")
        if kind in _OLD:
            where = "inside TLS" if credential.tls else "in clear"
            summary = f"{_credentials.who(credential)} answers with {kind} {where}; {_credentials.worked(credential)}"
            yield Sight(summary[0].upper() + summary[1:], _credentials.shown(session, credential))
