"""EXTERNAL: who it is was proved elsewhere, as by a TLS client certificate (RFC 4422, appendix A)."""

from __future__ import annotations

from smtptrace.auth import _open
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk


def decode(talk: Talk) -> Reading:
    """The identity to act for; empty means the one that was proved."""
    reading = _open.read(talk)
    reading.authzid = _open.said(talk) or None
    return reading


def respond(login: Login, _mechanism: str) -> Responder:
    """The identity to act for, or nothing."""
    yield login.authzid.encode()
