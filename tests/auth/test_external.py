"""EXTERNAL: nothing to steal."""

from __future__ import annotations

from support.auth import b64, credential, masked, vectors

from smtptrace.auth import Exposure, Login, responder


def test_external_without_a_name() -> None:
    """`=` is an empty response: the identity that TLS proved."""
    found = credential(*vectors("other")["vectors"][0]["smtp"])
    assert (found.authzid, found.exposure, found.problems, found.code) == (None, Exposure.NONE, (), 235)


def test_external_with_a_name() -> None:
    """The identity to act for stays readable."""
    vector = vectors("other")["vectors"][1]
    assert credential(*vector["smtp"]).authzid == vector["authzid"]
    assert b"ZnJlZEBleGFtcGxlLmNvbQ==" in masked(*vector["smtp"])


def test_octets_that_do_not_belong_there() -> None:
    """They may be a secret, so they are hidden."""
    line = b64("\0alice\0geheim")
    found = credential("C: AUTH EXTERNAL", "S: 334 ", f"C: {line}", "S: 535 no")
    assert "geheim" not in str(found.rounds)
    assert line.encode() not in masked("C: AUTH EXTERNAL", "S: 334 ", f"C: {line}", "S: 535 no")


def test_answering() -> None:
    """The identity to act for."""
    assert list(responder("EXTERNAL", Login("me", authzid="box"))) == [b"box"]
