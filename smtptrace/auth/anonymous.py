"""ANONYMOUS: nobody in particular, with a trace such as an address (RFC 4505)."""

from __future__ import annotations

from smtptrace.auth import _open
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk


def decode(talk: Talk) -> Reading:
    """The trace that the client leaves."""
    reading = _open.read(talk)
    trace = _open.said(talk)
    if trace:
        reading.details["trace"] = trace
    return reading


def respond(login: Login, _mechanism: str) -> Responder:
    """The user as trace."""
    yield login.user.encode()
