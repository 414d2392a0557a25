"""Answering challenges, the simple mechanisms and the contract."""

from __future__ import annotations

import base64
import sys

import pytest
from support.auth import b64, credential, session, vectors

from smtptrace.auth import Login, Verdict, answering, responder, verify
from smtptrace.errors import MissingError, UsageError
from smtptrace.secret import Secret


def test_plain() -> None:
    """All three fields at once."""
    login = Login("alice", Secret("geheim"), authzid="boss")
    assert list(responder("PLAIN", login)) == [b"boss\0alice\0geheim"]


def test_login() -> None:
    """Name, then password: with the name on the command line, or in answer to the first prompt."""
    assert list(responder("LOGIN", Login("alice", Secret("geheim")))) == [b"alice", b"geheim"]


def test_unknown_mechanism() -> None:
    """What can be answered is named."""
    with pytest.raises(UsageError, match="SCRAM"):
        responder("GSS-SPNEGO", Login("alice"))
    assert {"plain", "login", "cram_md5", "digest_md5", "scram", "xoauth2", "oauthbearer"} <= set(answering())


def test_a_login_never_prints_its_secret() -> None:
    """Not even by accident."""
    assert "geheim" not in repr(Login("alice", Secret("geheim")))


def test_ntlm_by_pyspnego() -> None:
    """What the library answers to a real challenge verifies with our own code."""
    pytest.importorskip("spnego")
    challenge = vectors("ntlm")["exchanges"][8]["challenge_b64"]
    answers = responder("NTLM", Login("jack", Secret("Geheim1"), domain="DOMAIN", host="mail.example.com"))
    negotiate = next(answers)
    authenticate = answers.send(base64.b64decode(challenge))
    assert negotiate is not None
    assert authenticate is not None
    lines = (
        "C: AUTH NTLM",
        "S: 334 NTLM supported",
        f"C: {b64(negotiate)}",
        f"S: 334 {challenge}",
        f"C: {b64(authenticate)}",
        "S: 235 ok",
    )
    found = credential(*lines)
    assert (found.authcid, found.domain, found.details["ntlm"]) == ("jack", "DOMAIN", "NTLMv2")
    result = verify(session(*lines).authentications[0], "Geheim1")
    assert result.verdict is Verdict.MATCHES
    assert {proof.name: proof.holds for proof in result.proofs}["nt"] is True


def test_ntlm_without_pyspnego(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "spnego", None)
    with pytest.raises(MissingError, match="pyspnego"):
        next(responder("NTLM", Login("jack", Secret("x"))))
