"""The session uses a version of TLS that is no longer held to be safe, or offers nothing newer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.auth import Credential
from smtptrace.findings._finding import Evidence, Facet, Severity, Sight
from smtptrace.smtp import Session
from smtptrace.wire import Secured, Side, Span

SEVERITY = Severity.MEDIUM
NEEDS = Facet.TLS
INNOCENT = ("opportunistic TLS between mail servers, where the other choice is clear text",)
REFERENCES = ("RFC 8996", "RFC 8997", "CWE-326", "CWE-327")
ADVICE = "Update the side that knows no TLS 1.2; then turn the old versions off."
_OLD = ("SSL", "TLSv1.0", "TLSv1.1", "TLS 1.0", "TLS 1.1")


def judge(session: Session, credentials: Sequence[Credential]) -> Iterator[Sight]:  # noqa: ARG001
    """The version agreed on, or the best one offered."""
    secured = session.tls
    if secured is None:
        return
    if secured.version and _is_old(secured.version):
        yield Sight(f"The session uses {secured.version}", (_place(secured, f"TLS begins: {secured.version}"),))
    elif not secured.version and secured.offered and all(map(_is_old, secured.offered)):
        offered = ", ".join(secured.offered)
        yield Sight(f"The client offers {offered} only", (_place(secured, f"TLS offered: {offered}"),))


def _is_old(version: str) -> bool:
    return version.startswith(_OLD) or version in {"TLSv1", "TLS1"}


def _place(secured: Secured, text: str) -> Evidence:
    cipher = f", {secured.cipher}" if secured.cipher else ""
    return Evidence(f"({text}{cipher})", Span(Side.SERVER, 0, 0, secured.time_ns, secured.frame))
