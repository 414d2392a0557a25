"""ANONYMOUS: nobody, with a trace."""

from __future__ import annotations

from support.auth import b64, credential, masked, vectors

from smtptrace.auth import Exposure, Login, responder


def test_anonymous() -> None:
    """The trace is shown."""
    vector = vectors("other")["vectors"][2]
    found = credential(f"C: AUTH ANONYMOUS {vector['initial_b64']}", "S: 235 ok")
    assert (found.details["trace"], found.authcid, found.exposure) == (vector["trace"], None, Exposure.NONE)


def test_octets_that_do_not_belong_there() -> None:
    """They may be a secret, so they are hidden."""
    line = b64("\0alice\0geheim")
    assert line.encode() not in masked("C: AUTH ANONYMOUS", "S: 334 ", f"C: {line}", "S: 535 no")


def test_answering() -> None:
    """The user is the trace."""
    assert list(responder("ANONYMOUS", Login("me"))) == [b"me"]
