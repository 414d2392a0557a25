"""ANONYMOUS: nobody in particular, with a trace such as an address (RFC 4505)."""

from __future__ import annotations

from smtptrace.auth import _open
from smtptrace.auth._reading import Reading
from smtptrace.auth._talk import Talk


def decode(talk: Talk) -> Reading:
    """The trace that the client leaves."""
    reading = _open.read(talk)
    trace = _open.said(talk)
    if trace:
        reading.details["trace"] = trace
    return reading
