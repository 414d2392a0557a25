"""XOAUTH2: user and bearer token between control-A octets (Google and Microsoft; before RFC 7628)."""

from __future__ import annotations

from smtptrace.auth import _oauth
from smtptrace.auth._description import Description
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk


def decode(talk: Talk) -> Reading:
    """User, token with its claims, and the error report."""
    return _oauth.read(talk)


def respond(login: Login, _mechanism: str) -> Responder:
    """User and token; an empty line to an error report, so that the final reply comes."""
    yield b"user=" + login.user.encode() + b"\x01auth=Bearer " + login.secret.octets() + b"\x01\x01"
    yield b""


def describe(octets: bytes) -> Description | None:
    """A response of either framing, a token as such, or an error report."""
    return _oauth.describe(octets)
