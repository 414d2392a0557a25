"""The words of the relay: its own replies, certificates, and what it breaks by being there."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from smtptrace.record.watch import Login
from smtptrace.smtp import read_session
from smtptrace.trace import trace_session
from smtptrace.wire import Connection, Endpoint, Event, Octets, Origin, Secured, Side

_CAUSE = "channel-binding-through-relay"
_SURE = 0.5
_NOBODY = Endpoint("", 0)
_MOST_TEXT = 400
"""Octets of a reply line of ours (RFC 5321, 4.5.3.1.5: 512)."""


def own_reply(code: str, enhanced: str, why: str) -> bytes:
    """A reply of the relay's own that says who speaks; one line of printable ASCII."""
    text = "".join(char if " " <= char <= "~" else "?" for char in why)
    return f"{code} {enhanced} smtptrace proxy: {text}".encode()[:_MOST_TEXT] + b"\r\n"


@lru_cache(maxsize=16)
def certificate_shown(der: bytes) -> str:
    """Subject, issuer and digest of a certificate in DER form."""
    from cryptography import x509

    digest = hashlib.sha256(der).hexdigest()
    try:
        found = x509.load_der_x509_certificate(der)
        named = f"certificate of {found.subject.rfc4514_string()} by {found.issuer.rfc4514_string()}"
    except Exception:  # noqa: BLE001 - hostile DER makes the library raise errors of many kinds that share no base
        named = "certificate that cannot be read"
    return f"{named}, SHA-256 {digest}"


def broken_binding(login: Login, *, client_tls: bool, upstream_tls: bool) -> str | None:
    """Why a login that was refused may have failed for nothing but the relay, None where it did not."""
    if not upstream_tls:
        return None
    greeting = Octets(Side.SERVER, b"220 mail ESMTP\r\n")
    said = (Octets(side, line) for side, line in login.lines)
    events: tuple[Event, ...] = (Secured(opened=True, implicit=True), greeting, *said)
    relay = {"relay": "opens TLS" if client_tls else "adds TLS"}
    trace = trace_session(read_session(Connection(_NOBODY, _NOBODY, Origin("", "proxy"), events=events, facts=relay)))
    found = next((cause for cause in trace.causes if cause.slug == _CAUSE), None)
    if found is None:
        return None
    doubt = "" if found.confidence > _SURE else "Perhaps, if the password is right: "
    return f"{login.mechanism} was refused. {doubt}{found.summary} {found.fix}"
