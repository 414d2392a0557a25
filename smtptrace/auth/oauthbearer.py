"""OAUTHBEARER: a bearer token behind a GS2 header (RFC 7628)."""

from __future__ import annotations

from smtptrace.auth import _oauth
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk

_USERS = ("upn", "preferred_username", "email", "sub")


def decode(talk: Talk) -> Reading:
    """The identity to act for, host and port, token with its claims, and the error report.

    The user is the one that the token names, else the identity to act for.
    """
    reading = _oauth.read(talk)
    reading.authzid = reading.authcid
    claims = reading.details.get("claims", {})
    named = next((claims[name] for name in _USERS if isinstance(claims.get(name), str)), None)
    reading.authcid = named or reading.authzid
    return reading


def respond(login: Login, _mechanism: str) -> Responder:
    """Header, host, port and token; one control-A to an error report, so that the final reply comes."""
    user = (login.authzid or login.user).replace("=", "=3D").replace(",", "=2C")
    place = f"host={login.host}\x01port={login.port}\x01" if login.host else ""
    yield f"n,a={user},\x01{place}auth=Bearer ".encode() + login.secret.octets() + b"\x01\x01"
    yield b"\x01"
