"""An authority and a certificate that live as long as one run."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

_LIFE = datetime.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Throwaway:
    """The authority in PEM form, for clients to trust, and the settings of a server that it vouches for."""

    authority: bytes
    context: ssl.SSLContext


def throwaway(names: Iterable[str]) -> Throwaway:
    """A new authority and a certificate for these names (and numeric addresses)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.UTC)

    def builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        made = (
            made.serial_number(x509.random_serial_number()).not_valid_before(now - _LIFE).not_valid_after(now + _LIFE)
        )
        return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smtptrace serve, for this run")])
    authority = builder(ca_name, ca_name, ca_key.public_key())
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = authority.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    signed = authority.sign(ca_key, hashes.SHA256())
    hosts = [_name(each) for each in dict.fromkeys(names)]
    leaf = builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smtptrace")]), ca_name, key.public_key())
    leaf = leaf.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_usage("digital_signature"), critical=True)
    leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    certificate = leaf.sign(ca_key, hashes.SHA256())
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    octets = certificate.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password)
    return Throwaway(signed.public_bytes(pem), _context(octets))


def _usage(*wanted: str) -> x509.KeyUsage:
    """What a key may be used for; strict verifiers refuse an authority that does not say so (RFC 5280, 4.2.1.3)."""
    from cryptography import x509

    uses = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
        " encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{use: use in wanted for use in uses})


def _name(text: str):  # type: ignore[no-untyped-def]
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _context(octets: bytes) -> ssl.SSLContext:
    """The settings of a server with this certificate and key, which OpenSSL takes from a file only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pair.pem")
        path.touch(mode=0o600)
        path.write_bytes(octets)
        context.load_cert_chain(path)
    return context
