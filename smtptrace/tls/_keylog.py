"""Key logs (SSLKEYLOGFILE, draft-ietf-tls-keylogfile): secrets by label and random of the client."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_ROW = re.compile(
    rb"^[ \t]*(CLIENT_RANDOM|CLIENT_EARLY_TRAFFIC_SECRET"
    rb"|(?:CLIENT|SERVER)_(?:HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_0))"
    rb"[ \t]+([0-9A-Fa-f]{64})[ \t]+([0-9A-Fa-f]{64,128})[ \t]*\r?$",
    re.MULTILINE,
)
_SESSION = re.compile(
    rb"^[ \t]*RSA[ \t]+Session-ID:([0-9A-Fa-f]{2,64})[ \t]+Master-Key:([0-9A-Fa-f]{96})[ \t]*\r?$", re.MULTILINE
)
MASTER = b"CLIENT_RANDOM"
_SESSION_ID = b"RSA"


class KeyLog:
    """The secrets of key logs, which may come while the traffic is read; what is no row of one is passed over.

    Args:
        texts: gives the key logs known by now.
    """

    def __init__(self, texts: Callable[[], Sequence[bytes]]) -> None:
        self._texts = texts
        self._read: set[bytes] = set()
        self._secrets: dict[tuple[bytes, bytes], bytes] = {}

    def __bool__(self) -> bool:
        """Whether there is any key log by now."""
        return any(self._texts())

    def secret(self, label: bytes, random: bytes) -> bytes | None:
        """The secret of this label for the connection with this random of its client."""
        self._learn()
        return self._secrets.get((label, random))

    def master_of(self, session_id: bytes) -> bytes | None:
        """The master secret of a session that is known by its id (TLS 1.2 and older)."""
        self._learn()
        return self._secrets.get((_SESSION_ID, session_id)) if session_id else None

    def knows(self, random: bytes, session_id: bytes = b"") -> bool:
        """Whether there is a secret for the application data of a connection."""
        labels = (MASTER, b"CLIENT_TRAFFIC_SECRET_0", b"SERVER_TRAFFIC_SECRET_0", b"CLIENT_EARLY_TRAFFIC_SECRET")
        return any(self.secret(label, random) for label in labels) or self.master_of(session_id) is not None

    def _learn(self) -> None:
        for text in self._texts():
            if text in self._read:
                continue
            self._read.add(text)
            for label, random, secret in _ROW.findall(text):
                self._secrets[label, bytes.fromhex(random.decode())] = bytes.fromhex(secret.decode())
            for session_id, secret in _SESSION.findall(text):
                if not len(session_id) % 2:
                    self._secrets[_SESSION_ID, bytes.fromhex(session_id.decode())] = bytes.fromhex(secret.decode())
