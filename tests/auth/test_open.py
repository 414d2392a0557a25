"""EXTERNAL and ANONYMOUS: nothing to steal."""

from __future__ import annotations

import pytest
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


def test_anonymous() -> None:
    """The trace is shown."""
    vector = vectors("other")["vectors"][2]
    found = credential(f"C: AUTH ANONYMOUS {vector['initial_b64']}", "S: 235 ok")
    assert (found.details["trace"], found.authcid, found.exposure) == (vector["trace"], None, Exposure.NONE)


@pytest.mark.parametrize("mechanism", ["EXTERNAL", "ANONYMOUS"])
def test_octets_that_do_not_belong_there(mechanism: str) -> None:
    """They may be a secret, so they are hidden."""
    line = b64("\0alice\0geheim")
    found = credential("C: AUTH " + mechanism, "S: 334 ", f"C: {line}", "S: 535 no")
    assert "geheim" not in str(found.rounds)
    assert line.encode() not in masked("C: AUTH " + mechanism, "S: 334 ", f"C: {line}", "S: 535 no")


@pytest.mark.parametrize(("mechanism", "said"), [("EXTERNAL", b"box"), ("ANONYMOUS", b"me")])
def test_answering(mechanism: str, said: bytes) -> None:
    """The identity to act for, and the trace."""
    assert next(responder(mechanism, Login("me", authzid="box"))) == said
