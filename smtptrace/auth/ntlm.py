"""NTLM: three binary messages in the continuation lines ([MS-SMTPNTLM]; [MS-NLMP])."""

from __future__ import annotations

from types import ModuleType

from smtptrace.auth import _gss_proof, _gss_reading, _ntlm_message, _ntlm_rows
from smtptrace.auth._description import Description
from smtptrace.auth._proof import Identity, Proof
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk
from smtptrace.errors import MissingError


def decode(talk: Talk) -> Reading:
    """The three messages; or the name and password that were sent in the place of the first."""
    reading = _gss_reading.read(talk, "text-instead-of-ntlm-message")
    if any(_has_wrong_signature(each.octets or b"") for each in talk.responses):
        reading.problems = (*reading.problems, "wrong-signature")
    return reading


def _has_wrong_signature(octets: bytes) -> bool:
    signature = _ntlm_message.SIGNATURE
    return octets[:8] != signature and octets[:8].upper() == signature


def identities(talk: Talk) -> tuple[Identity, ...]:
    """User and domain as sent, and the forms they are mixed up with."""
    return _gss_proof.identities(talk)


def prove(talk: Talk, password: str, identity: Identity) -> tuple[Proof, ...]:
    """NT, LM and MIC under this password."""
    return _gss_proof.prove(talk, password, identity)


def respond(login: Login, _mechanism: str) -> Responder:
    """NEGOTIATE and AUTHENTICATE, made by pyspnego.

    Raises:
        MissingError: pyspnego is not installed.
    """
    try:
        import spnego
    except ImportError as error:
        raise MissingError("NTLM: to log in, install pyspnego (pip install pyspnego)") from error
    return _messages(login, spnego)


def _messages(login: Login, spnego: ModuleType) -> Responder:
    user = f"{login.domain}\\{login.user}" if login.domain else login.user
    context = spnego.client(
        user,
        login.password,
        hostname=login.host or "unspecified",
        service="SMTP",
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
    )
    challenge = yield context.step()
    yield context.step(challenge)


def describe(octets: bytes) -> Description | None:
    """One message field by field, with offsets and lengths."""
    return _ntlm_rows.describe(octets)
