"""CRAM-MD5's way with other hashes."""

from __future__ import annotations

import hmac

import pytest
from support.auth import b64, credential, session

from smtptrace.auth import Login, Verdict, responder, verify
from smtptrace.secret import Secret

CHALLENGE = "<1896.697170952@postoffice.reston.mci.net>"


def _lines(response: str, mechanism: str) -> tuple[str, ...]:
    return f"C: AUTH {mechanism}", f"S: 334 {b64(CHALLENGE)}", f"C: {b64(response)}", "S: 235 ok"


def _verdict(password: str, *lines: str) -> tuple[Verdict, str]:
    found = verify(session(*lines).authentications[0], password)
    return found.verdict, found.proofs[0].how if found.proofs else ""


@pytest.mark.parametrize(
    ("mechanism", "name"),
    [("CRAM-SHA1", "sha1"), ("CRAM-SHA-1", "sha1"), ("CRAM-SHA256", "sha256"), ("CRAM-SHA-512", "sha512")],
)
def test_other_hashes(mechanism: str, name: str) -> None:
    """The same exchange with another hash."""
    digest = hmac.new(b"geheim", CHALLENGE.encode(), name).hexdigest()
    lines = _lines(f"tim {digest}", mechanism)
    assert (credential(*lines).authcid, credential(*lines).problems) == ("tim", ())
    assert _verdict("geheim", *lines) == (Verdict.MATCHES, "")
    assert _verdict("Geheim", *lines)[0] is Verdict.DIFFERS


def test_hash_of_an_unknown_name_is_told_by_the_digest() -> None:
    """A name that says no hash leaves the length of the digest."""
    digest = hmac.new(b"geheim", CHALLENGE.encode(), "sha256").hexdigest()
    assert _verdict("geheim", *_lines(f"tim {digest}", "CRAM-SHA-ODD")) == (Verdict.MATCHES, "")


@pytest.mark.parametrize("mechanism", ["CRAM-SHA1", "CRAM-SHA256"])
def test_answering(mechanism: str) -> None:
    """What is answered verifies."""
    answers = responder(mechanism, Login("tim", Secret("geheim")))
    assert next(answers) is None
    said = answers.send(CHALLENGE.encode())
    assert said is not None
    assert _verdict("geheim", *_lines(said.decode(), mechanism)) == (Verdict.MATCHES, "")
