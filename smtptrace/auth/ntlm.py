"""NTLM: three binary messages in the continuation lines ([MS-SMTPNTLM]; [MS-NLMP])."""

from __future__ import annotations

import re

from smtptrace.auth import _clear_proof, _gss_proof, _gss_reading, _ntlm_message, _ntlm_rows, _text
from smtptrace.auth._credential import Exposure
from smtptrace.auth._description import Description
from smtptrace.auth._proof import Identity, Proof
from smtptrace.auth._reading import Reading
from smtptrace.auth._respond import Login, Responder
from smtptrace.auth._talk import Talk
from smtptrace.errors import MissingError
from smtptrace.secret import Secret

_PAIR = re.compile(r"([^\\:\s]{1,255})[\\:](.{1,255})", re.DOTALL)
_ADDRESS = re.compile(r"[^@\s\\:]+@[^@\s\\:]+")


def decode(talk: Talk) -> Reading:
    """The three messages; or the name and password that were sent in the place of the first."""
    reading = _gss_reading.read(talk)
    reading.problems = (*_line_problems(talk), *reading.problems)
    texts = [each.octets.decode() for each in talk.responses if each.octets and _text.is_printable(each.octets)]
    if texts and reading.authcid is None:
        _read_texts(reading, texts)
    return reading


def _read_texts(reading: Reading, texts: list[str]) -> None:
    """Credentials as other mechanisms take them; what may be a password is kept hidden."""
    pair = _PAIR.fullmatch(texts[0])
    if pair:
        reading.authcid, reading.secret = pair.group(1), Secret(pair.group(2))
    elif len(texts) > 1:
        reading.authcid, reading.secret = texts[0], Secret(texts[1])
    else:
        reading.authcid = texts[0] if _ADDRESS.fullmatch(texts[0]) else None
        reading.secret = None if reading.authcid else Secret(texts[0])
    reading.exposure = Exposure.CLEAR if reading.secret else Exposure.NONE
    reading.problems = ("text-instead-of-ntlm-message", *reading.problems)


def _line_problems(talk: Talk) -> tuple[str, ...]:
    """What is wrong with the lines, and messages that are none."""
    found = [slug for response in talk.responses for slug in response.problems]
    known = _ntlm_message.SIGNATURE.lower()
    if any(
        (each.octets or b"").lower().startswith(known) and each.octets[:8] != _ntlm_message.SIGNATURE
        for each in talk.responses
        if each.octets
    ):
        found.append("wrong-signature")
    return tuple(found)


def identities(talk: Talk) -> tuple[Identity, ...]:
    """User and domain as sent, and the forms they are mixed up with."""
    return _gss_proof.identities(talk)


def prove(talk: Talk, password: str, identity: Identity) -> tuple[Proof, ...]:
    """NT, LM and MIC under this password; or the password itself where it was sent as text."""
    reading = decode(talk)
    if reading.exposure is Exposure.CLEAR:
        return _clear_proof.prove(reading, password)
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
