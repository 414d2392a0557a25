"""What hello messages and certificates tell (RFC 5246, 7.4; RFC 8446, 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from smtptrace.tls._names import cipher_name, is_grease, version_name
from smtptrace.wire import Certificate

CLIENT_HELLO, SERVER_HELLO, END_OF_EARLY_DATA, ENCRYPTED_EXTENSIONS, CERTIFICATE, FINISHED, KEY_UPDATE = (
    1, 2, 5, 8, 11, 20, 24,
)  # fmt: skip
_WANTED = frozenset(
    {CLIENT_HELLO, SERVER_HELLO, END_OF_EARLY_DATA, ENCRYPTED_EXTENSIONS, CERTIFICATE, FINISHED, KEY_UPDATE}
)
_LONGEST = 1 << 16
_SERVER_NAME, _ENCRYPT_THEN_MAC, _EARLY_DATA, _SUPPORTED_VERSIONS = 0, 22, 42, 43
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a HelloRetryRequest (RFC 8446, 4.1.3)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Messages:
    """Joins the handshake messages of one side across records; those that nobody asks for are passed over."""

    __slots__ = ("_buffer", "_skip")

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 0

    def feed(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """(type, body) of the messages that a record completes."""
        skipped = min(self._skip, len(content))
        self._skip -= skipped
        data = self._buffer + content[skipped:]
        while len(data) >= 4:
            kind, size = data[0], int.from_bytes(data[1:4])
            if kind not in _WANTED or size > _LONGEST:
                self._skip = max(0, size + 4 - len(data))
            elif len(data) < size + 4:
                break
            else:
                yield kind, data[4 : size + 4]
            data = data[size + 4 :]
        self._buffer = data


class ClientHello(NamedTuple):
    """The versions the client named, and the server name it asked for; `early` tells that early data follow."""

    offered: tuple[str, ...]
    sni: str | None
    random: bytes = b""
    early: bool = False


class ServerHello(NamedTuple):
    """The version and cipher suite the server chose, as names and as numbers; no cipher in a request to begin again."""

    version: str
    cipher: str | None
    number: int = 0
    suite: int = 0
    random: bytes = b""
    session_id: bytes = b""
    compression: int = 0
    encrypt_then_mac: bool = False


class _Cursor:
    """Reads fields one behind the other; raises ValueError where there is no more."""

    def __init__(self, octets: bytes) -> None:
        self.rest = octets

    def take(self, size: int) -> bytes:
        if size > len(self.rest):
            raise ValueError("cut short")
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> bytes:
        """Octets behind their length, which has `size` octets."""
        return self.take(self.number(size))


def client_hello(body: bytes) -> ClientHello | None:
    """What a ClientHello tells, None where it is broken."""
    cursor = _Cursor(body)
    try:
        legacy = cursor.number(2)
        random = cursor.take(32)
        cursor.vector(1)
        cursor.vector(2)
        cursor.vector(1)
        extensions = _extensions(cursor)
        versions = _Cursor(extensions.get(_SUPPORTED_VERSIONS, b"\2" + legacy.to_bytes(2))).vector(1)
        sni = _server_name(extensions.get(_SERVER_NAME))
    except ValueError:
        return None
    numbers = [int.from_bytes(versions[at : at + 2]) for at in range(0, len(versions) - 1, 2)]
    offered = tuple(version_name(number) for number in sorted(numbers) if not is_grease(number))
    return ClientHello(offered, sni, random, _EARLY_DATA in extensions)


def server_hello(body: bytes) -> ServerHello | None:
    """What a ServerHello tells, None where it is broken."""
    cursor = _Cursor(body)
    try:
        version = cursor.number(2)
        random = cursor.take(32)
        session_id = cursor.vector(1)
        suite, compression = cursor.number(2), cursor.number(1)
        extensions = _extensions(cursor)
    except ValueError:
        return None
    chosen = extensions.get(_SUPPORTED_VERSIONS, b"")
    if len(chosen) == 2:
        version = int.from_bytes(chosen)
    cipher = None if random == _RETRY else cipher_name(suite)
    more = random, session_id, compression, _ENCRYPT_THEN_MAC in extensions
    return ServerHello(version_name(version), cipher, version, suite, *more)


def takes_early_data(body: bytes) -> bool:
    """Whether a server's EncryptedExtensions accept early data (RFC 8446, 4.2.10)."""
    try:
        return _EARLY_DATA in _extensions(_Cursor(body))
    except ValueError:
        return False


def _extensions(cursor: _Cursor) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if not cursor.rest:
        return found
    inner = _Cursor(cursor.vector(2))
    while inner.rest:
        kind = inner.number(2)
        found.setdefault(kind, inner.vector(2))
    return found


def _server_name(extension: bytes | None) -> str | None:
    """The host name of the server_name extension (RFC 6066, 3)."""
    if not extension:
        return None
    names = _Cursor(_Cursor(extension).vector(2))
    while names.rest:
        kind, name = names.number(1), names.vector(2)
        if kind == 0:
            return name[:255].decode("ascii", "backslashreplace")
    return None


def certificate(body: bytes, *, with_context: bool = False) -> Certificate | None:
    """Facts of the first certificate of a Certificate message, None where it cannot be read.

    In TLS 1.3 a context stands before the certificates.
    """
    cursor = _Cursor(body)
    try:
        if with_context:
            cursor.vector(1)
        der = _Cursor(cursor.vector(3)).vector(3)
    except ValueError:
        return None
    return certificate_facts(der)


def certificate_facts(der: bytes) -> Certificate | None:
    """Facts of a certificate in DER form, None where it cannot be read."""
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            names=_alternative_names(found),
            not_before_ns=_nanoseconds(found.not_valid_before_utc),
            not_after_ns=_nanoseconds(found.not_valid_after_utc),
            sha256=hashlib.sha256(der).hexdigest(),
        )
    except Exception:  # noqa: BLE001 - hostile DER makes the library raise errors of many kinds that share no base
        return None


def _alternative_names(found: object) -> tuple[str, ...]:
    from cryptography import x509

    assert isinstance(found, x509.Certificate)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    kinds = (x509.DNSName, x509.RFC822Name, x509.IPAddress, x509.UniformResourceIdentifier)
    return tuple(str(name.value) for name in names if isinstance(name, kinds))[:1000]


def _nanoseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000
