"""What the handshakes of one connection came to, and how each side's records are protected by it."""

from __future__ import annotations

from smtptrace.tls._keylog import MASTER, KeyLog
from smtptrace.tls._messages import ClientHello, ServerHello
from smtptrace.tls._protection import Aead13, Agreement, Protection, protection_12
from smtptrace.tls._secrets import TLS_1_2
from smtptrace.tls._suites import Suite, suite_of
from smtptrace.wire import Side

_TLS_1_0 = 0x0301
_SUITES_13 = {48: (0x1302,), 32: (0x1301, 0x1303, 0x1304, 0x1305)}
"""Suites of TLS 1.3 by the size of their secrets."""


class Agreements:
    """The hellos of both sides as they come, handshake by handshake.

    `early` tells whether the server took early data, None as long as that is not known, `is_retried` whether it asked
    the client to begin again, as in TLS 1.3 alone; `problem` says what cannot be opened although there are keys.
    """

    def __init__(self, keys: KeyLog) -> None:
        self._keys = keys
        self._clients: list[ClientHello] = []
        self._servers: list[ServerHello] = []
        self._has_keys = False
        self.early: bool | None = None
        self.is_retried = False
        self.problem: str | None = None

    def asks(self, hello: ClientHello) -> None:
        """A ClientHello came; a second one with the same random answers a request to begin again."""
        if not any(hello.random == before.random for before in self._clients[-1:]):
            self._clients.append(hello)

    def answers(self, hello: ServerHello) -> None:
        """A ServerHello came; a request to begin again settles nothing but that early data is not taken."""
        if hello.cipher is None:
            self.early, self.is_retried = False, True
        else:
            self._servers.append(hello)

    def assume(self) -> None:
        """No ServerHello will come: suppose that it was TLS 1.3, whose secrets are known without it."""
        if not self._servers:
            self.early = self.early or False
            self._servers.append(ServerHello("", None))

    def is_known(self, generation: int = 0) -> bool:
        """Whether both hellos of a handshake came, and there are keys for the first."""
        return min(len(self._clients), len(self._servers)) > generation and self.has_keys

    @property
    def is_asked(self) -> bool:
        """Whether a ClientHello came."""
        return bool(self._clients)

    @property
    def has_keys(self) -> bool:
        """Whether there are keys for the first handshake."""
        if self._clients and not self._has_keys:
            session_id = self._servers[0].session_id if self._servers else b""
            self._has_keys = self._keys.knows(self._clients[0].random, session_id)
        return self._has_keys

    @property
    def is_13(self) -> bool:
        """Whether it is TLS 1.3."""
        return self.is_retried or self._servers[0].number > TLS_1_2 or not self._servers[0].number

    @property
    def offers_early(self) -> bool:
        """Whether the client sends early data."""
        return self._clients[0].early

    def protection(self, generation: int, side: Side) -> Protection | None:
        """How a side's records are protected after its n-th ChangeCipherSpec, in TLS 1.2 and older."""
        client, server = self._clients[generation], self._servers[generation]
        master = self._keys.secret(MASTER, client.random) or self._keys.master_of(server.session_id)
        suite = suite_of(server.suite)
        if master is None or suite is None or server.number < _TLS_1_0 or server.compression:
            self.problem = self._why(server, has_key=master is not None)
            return None
        agreed = Agreement(server.number, suite, master, client.random, server.random, server.encrypt_then_mac)
        return protection_12(agreed, side)

    def _why(self, server: ServerHello, *, has_key: bool) -> str:
        if not server.number:
            return "the hello of the server is not here, without which nothing can be opened"
        if not has_key:
            return "the key log has no secret for a handshake within TLS"
        return f"{server.version} with {server.cipher}{' and compression' * bool(server.compression)} cannot be opened"

    def protections(self, side: Side) -> list[Protection]:
        """How a side's records are protected one after the other in TLS 1.3: early, handshake, application."""
        random, server = self._clients[0].random, self._servers[0]
        name = side.name.encode()
        labels = [name + b"_HANDSHAKE_TRAFFIC_SECRET", name + b"_TRAFFIC_SECRET_0"]
        if side is Side.CLIENT and self.early:
            labels.insert(0, b"CLIENT_EARLY_TRAFFIC_SECRET")
        secrets = [secret for label in labels if (secret := self._keys.secret(label, random))]
        suites = [server.suite] if server.number else _SUITES_13.get(len(secrets[0]) if secrets else 0, ())
        known = [suite for suite in map(suite_of, suites) if suite is not None]
        if not known:
            self.problem = self._why(server, has_key=bool(secrets))
        return [Aead13(_with_hash(suite, secret), secret) for suite in known for secret in secrets]


def _with_hash(suite: Suite, secret: bytes) -> Suite:
    """The suite with the hash whose size the secret has."""
    return suite._replace(prf="sha384" if len(secret) == 48 else "sha256")
