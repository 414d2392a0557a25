"""GSSAPI: Kerberos tokens, or what Windows negotiates in their place (RFC 4752)."""

from __future__ import annotations

from smtptrace.auth import _gss, _gss_proof, _gss_reading, _ticket
from smtptrace.auth._description import Description
from smtptrace.auth._proof import Identity, Proof
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk


def decode(talk: Talk) -> Reading:
    """Realm, service and encryption of the ticket; names and proof where NTLM is carried instead."""
    return _gss_reading.read(talk)


def identities(talk: Talk) -> tuple[Identity, ...]:
    """The names that an NTLM proof inside may be over."""
    return _gss_proof.identities(talk)


def prove(talk: Talk, password: str, identity: Identity) -> tuple[Proof, ...]:
    """The NTLM proofs inside; a Kerberos ticket holds nothing that the user's password could be tested on."""
    return _gss_proof.prove(talk, password, identity)


def respond(login: Login, _mechanism: str) -> Responder:
    """Tokens made with a ticket of the user's cache, then no security layer.

    Raises:
        MissingError: the library is not installed.
    """
    return _ticket.responses(login, _ticket.library())


def describe(octets: bytes) -> Description | None:
    """A framed token, a bare Kerberos message or a wrap token."""
    token = _gss.read(octets)
    if token is None or token.kind == "NTLM" or token.kind.startswith("SPNEGO"):
        return None
    return _gss_reading.describe(token, octets)
