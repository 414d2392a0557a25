"""The server's side of SCRAM (RFC 5802), with a nonce of its own."""

from __future__ import annotations

import base64
import hmac
import secrets

from smtptrace.auth.scram import client_proof, hash_name, normal, salted_password, server_signature
from smtptrace.secret import Secret
from smtptrace.smtp import AuthExchange

_ITERATIONS = 4096


class ScramServer:
    """One login: `first` answers the client's first message, `final` judges its last one."""

    def __init__(self, name: str, secret: Secret | None) -> None:
        self._name = name
        self._secret = secret
        self._salt = secrets.token_bytes(16)
        self._nonce = b""
        self._bare = b""
        self._offer = b""

    @classmethod
    def of(cls, exchange: AuthExchange, secret: Secret | None) -> ScramServer | None:
        """The server for a recorded login, None where it was no SCRAM."""
        name = hash_name(exchange.mechanism.upper())
        return None if name is None else cls(name, secret)

    @property
    def knows(self) -> bool:
        """Whether it knows the password, and so can judge and prove anything."""
        return self._secret is not None

    def first(self, message: bytes) -> bytes:
        """The server-first message: the client's nonce and ours, salt, iterations."""
        self._bare = message.split(b",", 2)[-1]
        fields = self._bare.split(b",")
        nonce = next((each[2:] for each in fields if each.startswith(b"r=")), b"")
        self._nonce = nonce + secrets.token_hex(12).encode()
        self._offer = b"r=%s,s=%s,i=%d" % (self._nonce, base64.b64encode(self._salt), _ITERATIONS)
        return self._offer

    def final(self, message: bytes) -> bytes | None:
        """The server-final message, None where the proof or the nonce is wrong or no password is known."""
        if self._secret is None:
            return None
        without, _, proof = message.rpartition(b",p=")
        password = normal(self._secret.octets().decode("utf-8", "surrogateescape"))
        salted = salted_password(self._name, password, self._salt, _ITERATIONS)
        said = b",".join((self._bare, self._offer, without))
        expected = base64.b64encode(client_proof(self._name, salted, said))
        if not hmac.compare_digest(expected, proof) or b"r=" + self._nonce not in without.split(b","):
            return None
        return b"v=" + base64.b64encode(server_signature(self._name, salted, said))
