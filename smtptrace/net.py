"""The one seam to sockets: open, read, write, start TLS, close.

Everything that talks to a server goes through a `Wire`; tests hand in one of their own.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from smtptrace.errors import MissingError, UsageError

T = TypeVar("T")

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
"""TLS versions by the names that options take."""


class WireError(MissingError):
    """The other end is unreachable, silent, gone, or does not speak TLS as it should."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What was agreed: version and cipher, and the server's certificate in DER form (None where there is none)."""

    version: str | None
    cipher: str | None
    certificate: bytes | None


class Wire(Protocol):
    """A connection to read octets from and write octets to; every method raises WireError when it fails."""

    def read(self, timeout_s: float) -> bytes:
        """The octets that come next, empty at the end; no more than 64 KiB."""
        ...

    def write(self, octets: bytes, timeout_s: float) -> None:
        """Send all the octets."""
        ...

    def start_tls(self, context: ssl.SSLContext, name: str, timeout_s: float) -> TlsFacts:
        """Go on in TLS; `name` is checked against the certificate and sent as SNI."""
        ...

    def close(self) -> None:
        """End the connection; never fails."""
        ...


class SocketWire:
    """A Wire over a TCP socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    @property
    def local(self) -> tuple[str, int]:
        """Address and port of this end."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def remote(self) -> tuple[str, int]:
        """Address and port of the other end."""
        host, port = self._socket.getpeername()[:2]
        return str(host), int(port)

    def read(self, timeout_s: float) -> bytes:
        """See Wire."""
        return self._try("reading", timeout_s, lambda: self._socket.recv(65536))

    def write(self, octets: bytes, timeout_s: float) -> None:
        """See Wire."""
        self._try("writing", timeout_s, lambda: self._socket.sendall(octets))

    def start_tls(self, context: ssl.SSLContext, name: str, timeout_s: float) -> TlsFacts:
        """See Wire."""
        secured = self._try("TLS handshake", timeout_s, lambda: context.wrap_socket(self._socket, server_hostname=name))
        self._socket = secured
        cipher = secured.cipher()
        return TlsFacts(secured.version(), cipher[0] if cipher else None, secured.getpeercert(binary_form=True))

    def close(self) -> None:
        """See Wire."""
        with contextlib.suppress(OSError):  # the other end closed first; there is nothing left to do
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _try(self, what: str, timeout_s: float, act: Callable[[], T]) -> T:
        self._socket.settimeout(timeout_s)
        try:
            return act()
        except OSError as error:
            raise WireError(f"{what}: {reason(error)}") from error


def connect(host: str, port: int, *, timeout_s: float, bind: str | None = None) -> SocketWire:
    """A connection to the first address of `host` that answers.

    Raises:
        WireError: nobody answers.
    """
    try:
        source = (bind, 0) if bind else None
        connected = socket.create_connection((host, port), timeout=timeout_s, source_address=source)
    except OSError as error:
        raise WireError(f"{host}:{port}: cannot connect: {reason(error)}") from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return SocketWire(connected)


def reason(error: OSError) -> str:
    """Why a socket operation failed, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not verify: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return (error.strerror or str(error)).lower()


def client_context(
    *,
    ca_file: str | None = None,
    insecure: bool = False,
    certificate: str | None = None,
    key: str | None = None,
    keylog: str | None = None,
    least: str | None = None,
    most: str | None = None,
) -> ssl.SSLContext:
    """The TLS settings of a client; the certificate is verified unless `insecure`.

    Raises:
        UsageError: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{ca_file or certificate}: cannot be used for TLS: {reason(error)}") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if least:
        context.minimum_version = VERSIONS[least]
    if most:
        context.maximum_version = VERSIONS[most]
    if keylog:
        Path(keylog).touch(mode=0o600)
        context.keylog_filename = keylog
    return context
