"""Answering challenges: what a player needs to log in, without any I/O.

A mechanism that can answer has `respond(login, mechanism)`, a generator of responses:

- the first `next()` gives the initial response, or None where the server speaks first (CRAM-MD5, DIGEST-MD5);
- the player sends it on the AUTH line, or in answer to the first 334 where the server takes none there;
- `send(challenge)` gives the response to each further challenge;
- octets go in and out as they are; base64 is the player's (an empty initial response is `=`, RFC 4954, 4);
- the generator ends when there is nothing left to say, and raises AuthError where the server proved to be false;
- a response is `Unproven` while the server has yet to prove itself: success that comes then proves nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator
from dataclasses import dataclass, field

from smtptrace.auth._read import MECHANISMS, named
from smtptrace.errors import SmtptraceError, UsageError
from smtptrace.secret import Secret

Responder = Generator[bytes | None, bytes, None]


class Unproven(bytes):
    """A response after which the server must still prove that it knows the password (RFC 5802, 3; RFC 2831, 2.1.3)."""

    __slots__ = ()


class AuthError(SmtptraceError):
    """The server's side of an exchange is not what the mechanism asks for."""


@dataclass(slots=True)
class Login:
    """Who logs in and with what; a token stands in `secret` too.

    `host` and `port` are those of the server. `nonce` is random unless given, which serves tests only.
    """

    user: str = ""
    secret: Secret = field(default_factory=lambda: Secret(""))
    authzid: str = ""
    domain: str = ""
    host: str = ""
    port: int = 25
    nonce: str = ""

    @property
    def password(self) -> str:
        """The secret as text."""
        return self.secret.octets().decode("utf-8", "surrogateescape")

    def fresh_nonce(self) -> str:
        """The nonce given, else one that was never used before."""
        return self.nonce or secrets.token_hex(16)


def responder(mechanism: str, login: Login) -> Responder:
    """The responses of this mechanism, as a generator.

    Raises:
        UsageError: no file of the package can answer this mechanism's challenges.
    """
    name = named(mechanism)
    respond = None if name is None else getattr(MECHANISMS[name], "respond", None)
    if respond is None:
        able = ", ".join(sorted(each.replace("_", "-").upper() for each in answering()))
        raise UsageError(f"{mechanism}: cannot log in with this mechanism; able are {able}")
    found: Responder = respond(login, mechanism.upper())
    return found


def answering() -> tuple[str, ...]:
    """The names of the files whose mechanisms can answer challenges."""
    return tuple(name for name in MECHANISMS if hasattr(MECHANISMS[name], "respond"))
