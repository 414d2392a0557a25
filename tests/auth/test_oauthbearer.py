"""OAUTHBEARER: the GS2 header, host, port, and whose token it is."""

from __future__ import annotations

import json

from support.auth import b64, credential, vectors

from smtptrace.auth import Exposure, Login, responder
from smtptrace.secret import Secret

VECTOR = "rfc7628-4.1-imap"


def _vector(name: str):  # type: ignore[no-untyped-def]
    return next(each for each in vectors("oauth")["vectors"] if each["id"] == name)


def _jwt_of(**claims: str) -> str:
    return ".".join(b64(json.dumps(part)).rstrip("=") for part in ({"alg": "RS256"}, claims)) + ".c2ln"


def test_host_port_and_identity_of_oauthbearer() -> None:
    """`a=` is the identity to act for; it stands for the user where the token names none."""
    found = credential(f"C: AUTH OAUTHBEARER {_vector('rfc7628-4.1-imap')['initial_b64']}", "S: 235 ok")
    assert (found.authzid, found.details["host"], found.details["port"]) == (
        "user@example.com",
        "server.example.com",
        "143",
    )
    line = b64(f"n,a=box@example.com,\x01auth=Bearer {_jwt_of(upn='me@example.com')}\x01\x01")
    found = credential(f"C: AUTH OAUTHBEARER {line}", "S: 235 ok")
    assert (found.authcid, found.authzid) == ("me@example.com", "box@example.com")


def test_published_response() -> None:
    """The token is the secret."""
    vector = _vector(VECTOR)
    found = credential(f"C: AUTH OAUTHBEARER {vector['initial_b64']}", "S: 235 ok")
    assert found.secret is not None
    assert (found.secret.octets().decode(), found.exposure) == (vector["token"], Exposure.BEARER)


def test_answering() -> None:
    """Commas and equals signs of the name are written as GS2 wants them."""
    answers = responder("OAUTHBEARER", Login("a=b,c@d.e", Secret("t0ken")))
    assert next(answers) == b"n,a=a=3Db=2Cc@d.e,\x01auth=Bearer t0ken\x01\x01"
