"""CRAM-SHA1, CRAM-SHA256 and their like: CRAM-MD5 with another hash; no standard, but in use."""

from __future__ import annotations

import re

from smtptrace.auth import _cram
from smtptrace.auth._proof import Identity, Proof
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk

_NAME = re.compile(r"CRAM-SHA-?(1|224|256|384|512)")


def decode(talk: Talk) -> Reading:
    """User, challenge and digest."""
    return _cram.read(talk, hash_name(talk.mechanism))


def hash_name(mechanism: str) -> str | None:
    """The hash in the mechanism's name, with or without a hyphen, as hashlib calls it."""
    found = _NAME.fullmatch(mechanism)
    return f"sha{found.group(1)}" if found else None


def identities(talk: Talk) -> tuple[Identity, ...]:
    """The user as sent; the digest does not cover it."""
    return _cram.identities(talk)


def prove(talk: Talk, password: str, _identity: Identity) -> tuple[Proof, ...]:
    """Whether the digest comes from this password, in the right way or in a usual wrong one."""
    return _cram.prove(talk, password, hash_name(talk.mechanism))


def respond(login: Login, mechanism: str) -> Responder:
    """User and digest of the challenge."""
    return _cram.respond(login, hash_name(mechanism) or "sha1")
