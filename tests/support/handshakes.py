"""Real TLS handshakes between two ends in memory, and handmade records."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smtptrace.wire import Side

Turn = tuple[Side, bytes]
OLD_HELLO = b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(37)
BEGIN, END = (datetime.datetime(year, 1, 2, 3, 4, 5, tzinfo=datetime.UTC) for year in (2024, 2034))


@functools.cache
def certificate(*, names: bool) -> tuple[bytes, bytes]:
    """A certificate for mx.test and its key, in PEM; with alternative names or without."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    others = [x509.DNSName("mx.test"), x509.DNSName("*.mx.test"), x509.IPAddress(ipaddress.ip_address("10.0.0.2"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    made = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


def der(*, names: bool = True) -> bytes:
    """The certificate in DER."""
    return ssl.PEM_cert_to_DER_cert(certificate(names=names)[0].decode())


def shake(
    version: ssl.TLSVersion, *, trusting: bool = True, said: bytes = b"EHLO a\r\n", sni: str = "mx.test"
) -> list[Turn]:
    """What both sides send in a handshake of one version, and one line of the client after it."""
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
    client = _client(version, trusting=trusting).wrap_bio(client_in, client_out, server_hostname=sni)
    server = _server().wrap_bio(server_in, server_out, server_side=True)
    turns: list[Turn] = []
    done = [False, False]
    for _ in range(6):
        for side, end, out, peer in (
            (Side.CLIENT, client, client_out, server_in),
            (Side.SERVER, server, server_out, client_in),
        ):
            if not done[side]:
                try:
                    end.do_handshake()
                    done[side] = True
                    if side is Side.CLIENT:
                        end.write(said)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    done[side] = True
            data = out.read()
            if data:
                turns.append((side, data))
                peer.write(data)
    return turns


def _client(version: ssl.TLSVersion, *, trusting: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    if trusting:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "both.pem")
        path.write_bytes(b"".join(certificate(names=True)))
        context.load_cert_chain(path)
    return context


def record(kind: int, content: bytes) -> bytes:
    """One TLS record."""
    return bytes([kind, 3, 3]) + len(content).to_bytes(2) + content


def message(kind: int, body: bytes) -> bytes:
    """One handshake message."""
    return bytes([kind]) + len(body).to_bytes(3) + body


def client_hello(*, extensions: bytes | None = b"", version: int = 0x0303) -> bytes:
    """A small ClientHello in its record."""
    body = version.to_bytes(2) + bytes(32) + b"\0" + b"\0\2\x13\x01" + b"\1\0"
    if extensions is not None:
        body += len(extensions).to_bytes(2) + extensions
    return record(22, message(1, body))


def server_hello(*, cipher: int = 0xC02F, extensions: bytes | None = b"", version: int = 0x0303) -> bytes:
    """A small ServerHello in its record."""
    body = version.to_bytes(2) + bytes(32) + b"\0" + cipher.to_bytes(2) + b"\0"
    if extensions is not None:
        body += len(extensions).to_bytes(2) + extensions
    return record(22, message(2, body))


def alert(level: int, number: int) -> bytes:
    """An alert in clear."""
    return record(21, bytes([level, number]))
