"""How the records of one direction are protected, and opened with its keys.

A protection is a function of the record and its sequence number: `open` gives the kind and content of what was
protected, or None where the record does not belong there; it may be asked again with another number.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from smtptrace.tls._secrets import TLS_1_2, expand_label, mac_size, prf
from smtptrace.tls._suites import Suite

Content = tuple[int, bytes]
"""(kind, octets) of what a record holds."""

_TLS_1_3_HEADER = b"\x17\x03\x03"


class Protection(Protocol):
    """See the module; `ordered` tells that records must be opened one after the other, none left out."""

    ordered: bool

    def open(self, number: int, header: bytes, body: bytes, /) -> Content | None:
        """Open the record with this sequence number; `header` is its kind and version."""

    def pass_over(self, body: bytes | None) -> None:
        """A record went by; None where it is not here as a whole."""


class Aead13:
    """TLS 1.3 (RFC 8446, 5.2)."""

    ordered = False

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self._suite, self._secret = suite, secret
        self._decrypt = _aead(suite, expand_label(secret, b"key", suite.key_size, suite.prf))
        self._iv = int.from_bytes(expand_label(secret, b"iv", 12, suite.prf))

    def open(self, number: int, _header: bytes, body: bytes, /) -> Content | None:
        """Open a record; its true kind stands behind its octets, before zeros."""
        nonce = (self._iv ^ number).to_bytes(12)
        content = self._decrypt(nonce, body, _TLS_1_3_HEADER + len(body).to_bytes(2))
        content = content and content.rstrip(b"\0")
        return (content[-1], content[:-1]) if content else None

    def pass_over(self, body: bytes | None) -> None:
        """Nothing depends on the records before."""

    def updated(self) -> Aead13:
        """The protection after a KeyUpdate (RFC 8446, 7.2)."""
        size = len(self._secret)
        return Aead13(self._suite, expand_label(self._secret, b"traffic upd", size, self._suite.prf))


class Aead12:
    """AEAD in TLS 1.2: GCM (RFC 5288) and CCM (RFC 6655) with part of the nonce in the record, ChaCha20 (RFC 7905)."""

    ordered = False

    def __init__(self, suite: Suite, key: bytes, iv: bytes) -> None:
        self._decrypt = _aead(suite, key)
        self._iv = iv
        self._explicit = 0 if suite.mode == "POLY1305" else 8
        self._tag = 8 if suite.mode == "CCM_8" else 16

    def open(self, number: int, header: bytes, body: bytes, /) -> Content | None:
        """Open a record."""
        counted = number.to_bytes(8)
        size = len(body) - self._explicit - self._tag
        if size < 0:
            return None
        nonce = self._iv + body[:8] if self._explicit else (int.from_bytes(self._iv) ^ number).to_bytes(12)
        content = self._decrypt(nonce, body[self._explicit :], counted + header + size.to_bytes(2))
        return None if content is None else (header[0], content)

    def pass_over(self, body: bytes | None) -> None:
        """Nothing depends on the records before."""


class _Authenticated:
    """The MAC of records without AEAD (RFC 5246, 6.2.3.1)."""

    def __init__(self, digest: str, key: bytes) -> None:
        self._digest, self._key = digest, key
        self.size = len(key)

    def fits(self, number: int, header: bytes, content: bytes, mac: bytes) -> bool:
        """Whether the MAC is that of this record with this number."""
        beside = number.to_bytes(8) + header + len(content).to_bytes(2)
        return hmac.digest(self._key, beside + content, self._digest) == mac


class Cbc:
    """Block ciphers (RFC 5246, 6.2.3.2), with the MAC over the plain text or over what was encrypted (RFC 7366)."""

    ordered = False

    def __init__(
        self, suite: Suite, mac: _Authenticated, key: bytes, iv: bytes | None, *, encrypt_then_mac: bool
    ) -> None:
        self._decrypt = _blocks(suite, key)
        self._mac, self._block = mac, suite.block_size
        self._chained = iv is not None  # TLS 1.0: the last block of a record is the first vector of the next
        self._iv = iv
        self._outside = encrypt_then_mac

    def open(self, number: int, header: bytes, body: bytes, /) -> Content | None:
        """Open a record."""
        mac_outside = b""
        if self._outside:
            body, mac_outside = body[: -self._mac.size], body[-self._mac.size :]
            if not self._mac.fits(number, header, body, mac_outside):
                return None
        if self._chained:
            iv, blocks = self._iv, body
        else:
            iv, blocks = body[: self._block], body[self._block :]
        if not iv or not blocks or len(blocks) % self._block:
            return None
        plain = self._decrypt(iv, blocks)
        padding = plain[-1] + 1
        if padding > len(plain):
            return None
        plain = plain[:-padding]
        if self._outside:
            return header[0], plain
        content, mac = plain[: -self._mac.size], plain[-self._mac.size :]
        return (header[0], content) if self._mac.fits(number, header, content, mac) else None

    def pass_over(self, body: bytes | None) -> None:
        """The next record of TLS 1.0 is chained to this one."""
        if self._chained:
            end = None if body is None else len(body) - (self._mac.size if self._outside else 0)
            self._iv = None if body is None or end is None else body[max(0, end - self._block) : end]


class Stream:
    """RC4, or nothing but a MAC (RFC 5246, 6.2.3.1)."""

    def __init__(self, mac: _Authenticated, key: bytes) -> None:
        self.ordered = bool(key)
        self._decrypt = _stream(key)
        self._mac = mac

    def open(self, number: int, header: bytes, body: bytes, /) -> Content | None:
        """Open the next record; one that is left out is never made good."""
        plain = self._decrypt(body)
        content, mac = plain[: -self._mac.size], plain[-self._mac.size :]
        return (header[0], content) if self._mac.fits(number, header, content, mac) else None

    def pass_over(self, body: bytes | None) -> None:
        """The records before are what came before."""


class Agreement(NamedTuple):
    """What a handshake of TLS 1.2 or older came to."""

    version: int
    suite: Suite
    master: bytes
    client_random: bytes
    server_random: bytes
    encrypt_then_mac: bool


def protection_12(agreed: Agreement, side: int) -> Protection:
    """The protection of what a side sends, 0 for the client (RFC 5246, 6.3)."""
    suite = agreed.suite
    is_aead = suite.mode in ("GCM", "CCM", "CCM_8", "POLY1305")
    mac_key = 0 if is_aead else mac_size(suite.mac)
    is_chained = suite.mode == "CBC" and agreed.version < TLS_1_2 - 1
    iv_size = (12 if suite.mode == "POLY1305" else 4) if is_aead else suite.block_size * is_chained
    sizes = (mac_key, mac_key, suite.key_size, suite.key_size, iv_size, iv_size)
    seed = b"key expansion" + agreed.server_random + agreed.client_random
    block = prf(agreed.version, suite.prf, agreed.master, seed, sum(sizes))
    parts = []
    for size in sizes:
        parts.append(block[:size])
        block = block[size:]
    mac, key, iv = _Authenticated(suite.mac, parts[side]), parts[2 + side], parts[4 + side]
    if is_aead:
        return Aead12(suite, key, iv)
    if suite.mode == "CBC":
        return Cbc(suite, mac, key, iv if is_chained else None, encrypt_then_mac=agreed.encrypt_then_mac)
    return Stream(mac, key)


def _aead(suite: Suite, key: bytes) -> Callable[[bytes, bytes, bytes], bytes | None]:
    """The opening of (nonce, octets with their tag, associated data); None where the tag is another."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import aead

    made: Any
    if suite.mode == "GCM":
        made = aead.AESGCM(key)
    elif suite.mode == "POLY1305":
        made = aead.ChaCha20Poly1305(key)
    else:
        made = aead.AESCCM(key, 8 if suite.mode == "CCM_8" else 16)

    def decrypt(nonce: bytes, octets: bytes, beside: bytes) -> bytes | None:
        try:
            opened: bytes = made.decrypt(nonce, octets, beside)
        except (InvalidTag, ValueError):
            return None
        return opened

    return decrypt


def _blocks(suite: Suite, key: bytes) -> Callable[[bytes, bytes], bytes]:
    """The decryption of (vector, blocks)."""
    if suite.cipher == "3DES_EDE":
        from Cryptodome.Cipher import DES3

        return lambda iv, blocks: DES3.new(key, DES3.MODE_CBC, iv=iv).decrypt(blocks)
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    algorithm = _algorithm(suite.cipher)(key)

    def decrypt(iv: bytes, blocks: bytes) -> bytes:
        decryptor = Cipher(algorithm, modes.CBC(iv)).decryptor()
        return decryptor.update(blocks) + decryptor.finalize()

    return decrypt


def _algorithm(cipher: str) -> Any:
    """The block cipher in its library; Camellia moved there."""
    from cryptography.hazmat.primitives.ciphers import algorithms

    if cipher.startswith("AES"):
        return algorithms.AES
    try:
        from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia
    except ImportError:
        return algorithms.Camellia
    return Camellia


def _stream(key: bytes) -> Callable[[bytes], bytes]:
    if not key:
        return lambda octets: octets
    from Cryptodome.Cipher import ARC4

    return ARC4.new(key).decrypt
