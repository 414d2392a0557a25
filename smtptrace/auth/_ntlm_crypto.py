"""The keyed functions of NTLM ([MS-NLMP] 3.3 and 3.4); MD4, DES and RC4 come from Cryptodome."""

from __future__ import annotations

import hmac

from smtptrace.auth import _ntlm_names, _ntlm_response
from smtptrace.auth._ntlm_message import NtlmMessage
from smtptrace.auth._ntlm_response import Response

_LM_MAGIC = b"KGS!@#$%"


def nt_hash(password: str) -> bytes:
    """NTOWFv1: MD4 over the password in UTF-16."""
    from Cryptodome.Hash import MD4

    return MD4.new(password.encode("utf-16-le", "surrogatepass")).digest()  # noqa: S303 - what NTLM is made of


def lm_hash(password: str, codec: str = "cp437") -> bytes:
    """LMOWFv1: DES under the two halves of the password, in capitals and cut at 14 octets."""
    key = password.upper().encode(codec, "replace")[:14].ljust(14, b"\0")
    return _des(key[:7], _LM_MAGIC) + _des(key[7:], _LM_MAGIC)


def v2_key(password: str, user: str, domain: str) -> bytes:
    """NTOWFv2: HMAC-MD5 of capital user name and domain under the NT hash."""
    names = (user.upper() + domain).encode("utf-16-le", "surrogatepass")
    return hmac.digest(nt_hash(password), names, "md5")


def desl(key: bytes, block: bytes) -> bytes:
    """DES of eight octets under the three sevenths of a 16-octet key ([MS-NLMP] 6, DESL)."""
    key = key.ljust(21, b"\0")
    return b"".join(_des(key[at : at + 7], block) for at in (0, 7, 14))


def exported_key(base: bytes, message: NtlmMessage, response: Response, server_challenge: bytes) -> bytes:
    """The session key that signs and seals, of the base key ([MS-NLMP] 3.4.5.1)."""
    from Cryptodome.Cipher import ARC4

    if response.kind == _ntlm_response.V1_ESS:
        base = hmac.digest(base, server_challenge + response.lm[:8], "md5")
    sealed = message.get("session-key")
    if (message.flags or 0) & _ntlm_names.KEY_EXCH and len(sealed) == 16:
        return ARC4.new(base).decrypt(sealed)
    return base


def _des(key: bytes, block: bytes) -> bytes:
    from Cryptodome.Cipher import DES

    return DES.new(_with_parity(key), DES.MODE_ECB).encrypt(block)  # noqa: S304 - what NTLM is made of


def _with_parity(key: bytes) -> bytes:
    """Eight octets of seven bits each, as DES takes its keys; the lowest bit is not used."""
    bits = int.from_bytes(key, "big")
    return bytes((bits >> shift & 0x7F) << 1 for shift in range(49, -1, -7))
