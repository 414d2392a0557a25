"""The one seam to sockets: open, read, write, start TLS, close.

Everything that talks to a server goes through a `Wire`; tests hand in one of their own.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from smtptrace.errors import MissingError, UsageError
from smtptrace.wire import Endpoint

T = TypeVar("T")

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
"""TLS versions by the names that options take."""


_OLD = frozenset({"1.0", "1.1"})
_ENDPOINT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?P<name>[^\s:\[\]/@]+))(?::(?P<port>[0-9]{1,5}))?"
    r"|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"
)


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

    def arrived(self, timeout_s: float) -> bytes | None:
        """What `read` gives if it comes within the time, else None; 0 takes what is here and waits for nothing."""
        try:
            self._socket.settimeout(timeout_s)
            return self._socket.recv(65536)
        except (BlockingIOError, TimeoutError, ssl.SSLWantReadError):
            return None
        except OSError as error:
            raise WireError(f"reading: {reason(error)}") from error

    def write(self, octets: bytes, timeout_s: float) -> None:
        """See Wire."""
        self._try("writing", timeout_s, lambda: self._socket.sendall(octets))

    def start_tls(self, context: ssl.SSLContext, name: str, timeout_s: float) -> TlsFacts:
        """See Wire."""
        return self._secure(timeout_s, lambda: context.wrap_socket(self._socket, server_hostname=name))

    def start_tls_server(self, context: ssl.SSLContext, timeout_s: float) -> TlsFacts:
        """Go on in TLS as the server."""
        return self._secure(timeout_s, lambda: context.wrap_socket(self._socket, server_side=True))

    def _secure(self, timeout_s: float, wrap: Callable[[], ssl.SSLSocket]) -> TlsFacts:
        secured = self._try("TLS handshake", timeout_s, wrap)
        self._socket = secured
        cipher = secured.cipher()
        return TlsFacts(secured.version(), cipher[0] if cipher else None, secured.getpeercert(binary_form=True))

    def stop_reading(self) -> None:
        """Let a `read` that waits, here or in another thread, come to the end once it has given what arrived."""
        with contextlib.suppress(OSError):  # the other end closed first
            socket.socket.shutdown(self._socket, socket.SHUT_RD)  # the one of SSLSocket would forget TLS

    def close(self) -> None:
        """See Wire."""
        with contextlib.suppress(OSError):  # the other end closed first; there is nothing left to do
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _try(self, what: str, timeout_s: float, act: Callable[[], T]) -> T:
        self._socket.settimeout(timeout_s)
        try:
            return act()
        except (OSError, ValueError) as error:  # ValueError: a name that no certificate can be checked against
            raise WireError(f"{what}: {reason(error)}") from error


def connect(host: str, port: int, *, timeout_s: float, bind: str | None = None) -> SocketWire:
    """A connection to the first address of `host` that answers.

    Raises:
        WireError: nobody answers.
    """
    try:
        source = (bind, 0) if bind else None
        connected = socket.create_connection((host, port), timeout=timeout_s, source_address=source)
    except (OSError, UnicodeError) as error:
        raise WireError(f"{Endpoint(host, port)}: cannot connect: {reason(error)}") from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return SocketWire(connected)


class Listener:
    """A listening socket; `with` closes it.

    Args:
        host: a numeric address or a name of this machine.
        port: 0 for one that is free.

    Raises:
        WireError: nobody can listen there.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except (OSError, UnicodeError) as error:
            raise WireError(f"{Endpoint(host, port)}: cannot listen: {reason(error)}") from error

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    def accept(self) -> SocketWire:
        """The next connection."""
        self._socket.settimeout(None)
        return self._accept()

    def accept_within(self, timeout_s: float) -> SocketWire | None:
        """The next connection, None where there is none in time.

        Raises:
            WireError: it was broken off before it was taken, or none can be taken now.
        """
        self._socket.settimeout(timeout_s)
        try:
            return self._accept()
        except (TimeoutError, BlockingIOError):
            return None
        except OSError as error:
            raise WireError(f"accepting: {reason(error)}") from error

    def _accept(self) -> SocketWire:
        accepted, _ = self._socket.accept()
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return SocketWire(accepted)

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def addresses(host: str, port: int) -> tuple[str, ...]:
    """The numeric addresses that a name stands for, in the order of preference; an address stands for itself.

    Raises:
        WireError: the name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WireError(f"{host}: cannot be resolved: {reason(error)}") from error
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def is_loopback(address: str) -> bool:
    """Whether a numeric address never leaves this machine (127.0.0.0/8, ::1, also mapped into IPv6)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def endpoint(text: str, port: int) -> Endpoint:
    """Host and port of `HOST[:PORT]`; an IPv6 address with a port stands in brackets; `port` where none is named.

    Raises:
        UsageError: it is neither.
    """
    found = _ENDPOINT.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!a}: no HOST[:PORT] such as mail.example:587 or [::1]:25")
    number = int(found["port"] or port)
    if not 0 < number < 65536:
        raise UsageError(f"{text!a}: there is no port {number}")
    return Endpoint(found["six"] or found["bare"] or found["name"], number)


def reason(error: Exception) -> str:
    """Why a socket operation failed, in a few words on one line."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not verify: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "the other end closed the connection"
    if isinstance(error, ssl.SSLError):
        why = "no certificate or no key in PEM form" if "PEM lib" in str(error) else error.reason or str(error)
        return f"TLS failed: {why.lower().replace('_', ' ') if why.isupper() else why}"
    if isinstance(error, UnicodeError):
        return "not a name of a host"
    return (getattr(error, "strerror", None) or str(error)).lower()


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

    `least` and `most` are keys of `VERSIONS`; 1.0 and 1.1, which OpenSSL shuts out, are let in where they are named.

    Raises:
        UsageError: a file cannot be used, or no version is left.
    """
    context = _using(ca_file, lambda: ssl.create_default_context(cafile=ca_file))
    if certificate:
        _using(certificate, lambda: context.load_cert_chain(certificate, key))
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _limit(context, least, most)
    if keylog:
        _using(keylog, lambda: _log_keys(context, Path(keylog)))
    return context


def server_context(pair: bytes, *, least: str | None = None, most: str | None = None) -> ssl.SSLContext:
    """The TLS settings of a server with this certificate and key, both in PEM form.

    OpenSSL takes them from a file only. `least` and `most` are as for a client.

    Raises:
        UsageError: they cannot be used, or no version is left.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _limit(context, least, most)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pair.pem")
        path.touch(mode=0o600)
        path.write_bytes(pair)
        _using("the certificate and its key", lambda: context.load_cert_chain(path))
    return context


def _using(file: str | None, act: Callable[[], T]) -> T:
    try:
        return act()
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{file}: cannot be used for TLS: {reason(error)}") from error


def _limit(context: ssl.SSLContext, least: str | None, most: str | None) -> None:
    if least and most and VERSIONS[least] > VERSIONS[most]:
        raise UsageError(f"TLS from {least} to {most}: no version is left")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are asked for by name
        if {least, most} & _OLD:
            context.minimum_version = VERSIONS[least or "1.0"]
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        elif least:
            context.minimum_version = VERSIONS[least]
        if most:
            context.maximum_version = VERSIONS[most]


def _log_keys(context: ssl.SSLContext, path: Path) -> None:
    path.touch(mode=0o600)
    context.keylog_filename = str(path)
