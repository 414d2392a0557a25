"""CRAM-MD5: the password keys an MD5 digest of the server's challenge (RFC 2195)."""

from __future__ import annotations

from smtptrace.auth import _cram
from smtptrace.auth._description import Description
from smtptrace.auth._proof import Identity, Proof
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk


def decode(talk: Talk) -> Reading:
    """User, challenge and digest."""
    return _cram.read(talk, "md5")


def identities(talk: Talk) -> tuple[Identity, ...]:
    """The user as sent; the digest does not cover it."""
    return _cram.identities(talk)


def prove(talk: Talk, password: str, _identity: Identity) -> tuple[Proof, ...]:
    """Whether the digest comes from this password, in the right way or in a usual wrong one."""
    return _cram.prove(talk, password, "md5")


def respond(login: Login, _mechanism: str) -> Responder:
    """User and digest of the challenge."""
    return _cram.respond(login, "md5")


def describe(octets: bytes) -> Description | None:
    """A challenge or a response, of whatever hash."""
    return _cram.describe(octets)
