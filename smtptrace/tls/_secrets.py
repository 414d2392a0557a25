"""How keys are derived: HKDF-Expand-Label (RFC 8446, 7.1) and the pseudorandom functions of older versions."""

from __future__ import annotations

import hashlib
import hmac

TLS_1_2 = 0x0303


def expand_label(secret: bytes, label: bytes, size: int, digest: str) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 with an empty context, `size` octets."""
    info = size.to_bytes(2) + bytes([len(label) + 6]) + b"tls13 " + label + b"\0"
    block = made = b""
    counter = 1
    while len(made) < size:
        block = hmac.digest(secret, block + info + bytes([counter]), digest)
        made += block
        counter += 1
    return made[:size]


def prf(version: int, digest: str, secret: bytes, seed: bytes, size: int) -> bytes:
    """The PRF of TLS 1.2 with the suite's hash (RFC 5246, 5), of TLS 1.0 and 1.1 with MD5 and SHA-1 (RFC 2246, 5)."""
    if version >= TLS_1_2:
        return _p_hash(digest, secret, seed, size)
    half = len(secret) + 1 >> 1
    one, two = _p_hash("md5", secret[:half], seed, size), _p_hash("sha1", secret[-half:], seed, size)
    return bytes(left ^ right for left, right in zip(one, two, strict=True))


def _p_hash(digest: str, secret: bytes, seed: bytes, size: int) -> bytes:
    made, chained = b"", seed
    while len(made) < size:
        chained = hmac.digest(secret, chained, digest)
        made += hmac.digest(secret, chained + seed, digest)
    return made[:size]


def mac_size(digest: str) -> int:
    """Octets of a hash."""
    return hashlib.new(digest, usedforsecurity=False).digest_size
