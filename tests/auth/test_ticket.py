"""Logging in with a Kerberos ticket; the library is played here, a real KDC stands in tests/lab."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from smtptrace.auth import AuthError, Login, responder
from smtptrace.errors import MissingError


class GSSError(Exception):
    """As the library raises it."""


class Context:
    """A context that is complete after two tokens; what is wrapped begins with w."""

    def __init__(self, *, name: str, creds: str | None, **_: Any) -> None:
        self.name, self.creds, self.complete, self.taken = name, creds, False, 0

    def step(self, challenge: bytes | None) -> bytes | None:
        if challenge == b"false":
            raise GSSError("Major (1): Unspecified GSS failure, Minor (2): Message stream\nmodified")
        self.complete = challenge is not None
        return None if self.complete else f"{self.creds} at {self.name}".encode()

    def unwrap(self, octets: bytes) -> Any:
        return SimpleNamespace(message=octets[1:])

    def wrap(self, octets: bytes, encrypt: bool) -> Any:
        return SimpleNamespace(message=b"w" + octets)


def no_ticket(**_: Any) -> None:
    raise GSSError("No Kerberos credentials available")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What of the library is used."""
    played = SimpleNamespace(
        Name=lambda text, kind: f"{text} ({kind})",
        NameType=SimpleNamespace(hostbased_service="service", user="user"),
        Credentials=lambda name, usage: name or "anybody",
        SecurityContext=Context,
        MechType=SimpleNamespace(kerberos="krb5"),
        RequirementFlag=SimpleNamespace(mutual_authentication=1, integrity=2),
        exceptions=SimpleNamespace(GSSError=GSSError),
    )
    monkeypatch.setitem(sys.modules, "gssapi", played)
    return played


@pytest.mark.usefixtures("library")
def test_tokens_and_no_layer() -> None:
    """Token, empty answer to the server's, then the bit for no layer, a size of 0 and whom to act for."""
    said = responder("GSSAPI", Login("alice", host="mail.test", authzid="boss"))
    assert next(said) == b"alice (user) at smtp@mail.test (service)"
    assert said.send(b"token") == b""
    assert said.send(b"w\x07\x00\xff\xff") == b"w\x01\x00\x00\x00boss"


@pytest.mark.usefixtures("library")
def test_the_ticket_of_the_cache() -> None:
    """Nobody need be named."""
    assert next(responder("GSSAPI", Login(host="mail.test"))) == b"anybody at smtp@mail.test (service)"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("offer", [b"w\x06\x00\xff\xff", b"w\x01", b"w"])
def test_a_layer_that_is_not_made(offer: bytes) -> None:
    """A server that insists on one is left."""
    said = responder("GSSAPI", Login(host="mail.test"))
    next(said)
    said.send(b"token")
    with pytest.raises(AuthError, match="security layer"):
        said.send(offer)


def test_no_ticket_and_a_false_server(library: SimpleNamespace) -> None:
    """Kerberos' own words on one line, and what to do."""
    said = responder("GSSAPI", Login(host="mail.test"))
    next(said)
    with pytest.raises(AuthError, match=r"^GSSAPI: smtp@mail\.test: Message stream modified \(klist .*kinit"):
        said.send(b"false")
    library.Credentials = no_ticket
    with pytest.raises(AuthError, match="No Kerberos credentials available"):
        next(responder("GSSAPI", Login(host="mail.test")))


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to install, before anything is sent."""
    monkeypatch.setitem(sys.modules, "gssapi", None)
    with pytest.raises(MissingError, match="install gssapi"):
        responder("GSSAPI", Login(host="mail.test"))
