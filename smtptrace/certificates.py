"""Certificate authorities of our own, and the certificates they give to servers that we play."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

MOST_COMMON_NAME = 64
"""Characters (RFC 5280, ub-common-name)."""

_SKEW = datetime.timedelta(days=2)
"""How far the clock of a client may be behind."""


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its certificate, for clients to trust, and its key, both in PEM form."""

    certificate: bytes
    key: bytes = field(repr=False)

    def expires(self) -> datetime.datetime:
        """Until when what it vouches for can be believed."""
        return self._loaded().not_valid_after_utc

    def issue(self, names: Iterable[str], life: datetime.timedelta) -> bytes:
        """A certificate for these names (and numeric addresses), and its key, both in PEM form."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.x509.oid import ExtendedKeyUsageOID

        issuer, signer = self._loaded(), serialization.load_pem_private_key(self.key, None)
        key = _new_key()
        hosts = [_host(each) for each in dict.fromkeys(names)]
        made = _builder("smtptrace", issuer.subject, key, min(_now() + life, issuer.not_valid_after_utc))
        made = made.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(_usage("digital_signature"), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        vouched = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
        return _signed(made.add_extension(vouched, critical=False), signer) + _pem(key)

    def _loaded(self) -> x509.Certificate:
        from cryptography import x509

        return x509.load_pem_x509_certificate(self.certificate)


def new_authority(name: str, life: datetime.timedelta) -> Authority:
    """A new authority whose certificate is good for so long."""
    from cryptography import x509

    key = _new_key()
    made = _builder(name, _name(name), key, _now() + life)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    return Authority(_signed(made, key), _pem(key))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _new_key() -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:MOST_COMMON_NAME])])


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime.datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    made = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(_now() - _SKEW).not_valid_after(until)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _signed(made: x509.CertificateBuilder, key: Any) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization

    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as to

    return key.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, to.NoEncryption())


def _usage(*wanted: str) -> x509.KeyUsage:
    """What a key may be used for; strict verifiers refuse an authority that does not say so (RFC 5280, 4.2.1.3)."""
    from cryptography import x509

    uses = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
        " encipher_only decipher_only"
    ).split()
    return x509.KeyUsage(**{use: use in wanted for use in uses})


def _host(text: str) -> x509.GeneralName:
    """A name in the ASCII form that certificates have, or a numeric address."""
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return x509.DNSName(text if text.isascii() else text.encode("idna").decode())
