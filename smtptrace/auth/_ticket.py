"""The client's side of GSSAPI with a Kerberos ticket: tokens, then the choice of no security layer (RFC 4752, 3.1)."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from smtptrace.auth._respond import AuthError, Login, Responder
from smtptrace.errors import MissingError

NO_LAYER = b"\x01\x00\x00\x00"
"""The bit of the layer that was chosen, and the size of our buffer, which is 0 where there is no layer."""


def library() -> ModuleType:
    """The bindings to the system's GSS-API.

    Raises:
        MissingError: they are not installed, or the system has no GSS-API.
    """
    try:
        import gssapi
    except (ImportError, OSError) as error:
        raise MissingError(
            "GSSAPI: to log in, install gssapi (pip install gssapi, which needs a compiler and Kerberos' header files)"
        ) from error
    found: ModuleType = gssapi
    return found


def responses(login: Login, gssapi: ModuleType) -> Responder:
    """The tokens for the service smtp@HOST until both sides are sure of each other, then the answer to its offer.

    The ticket is that of the user where one is named, else that of the cache; it is never asked for with a password.

    Raises:
        AuthError: there is no ticket, or the server is not who it should be.
    """
    challenge: bytes | None = None
    try:
        context = _context(login, gssapi)
        while not context.complete:
            challenge = yield context.step(challenge) or b""
        offer = context.unwrap(challenge).message
        if len(offer) != len(NO_LAYER) or not offer[0] & NO_LAYER[0]:
            raise AuthError("GSSAPI: the server wants a security layer, which is not made")
        yield context.wrap(NO_LAYER + login.authzid.encode(), False).message
    except gssapi.exceptions.GSSError as error:
        raise AuthError(f"GSSAPI: smtp@{login.host}: {_reason(error)}") from error


def _context(login: Login, gssapi: ModuleType) -> Any:
    flags, kinds = gssapi.RequirementFlag, gssapi.NameType
    service = gssapi.Name(f"smtp@{login.host}", kinds.hostbased_service)
    user = gssapi.Name(login.user, kinds.user) if login.user else None
    return gssapi.SecurityContext(
        name=service,
        creds=gssapi.Credentials(name=user, usage="initiate"),
        usage="initiate",
        mech=gssapi.MechType.kerberos,
        flags=flags.mutual_authentication | flags.integrity,
    )


def _reason(error: Exception) -> str:
    """What the library says is wrong: the minor status, which is Kerberos' own words, where there is one."""
    minor = re.search(r"Minor \([0-9]+\): (.+)", str(error), re.DOTALL)
    return " ".join((minor[1] if minor else str(error)).split())[:300] + " (klist shows the tickets, kinit gets one)"
