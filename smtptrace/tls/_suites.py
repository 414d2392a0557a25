"""What a cipher suite stands for, read from its name."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from smtptrace.tls._names import cipher_name

_SUITE = re.compile(
    r"(?:TLS_(?:[A-Z0-9_]{1,32}_WITH_)?)(AES_128|AES_256|CAMELLIA_128|CAMELLIA_256|CHACHA20|3DES_EDE|RC4_128|NULL)"
    r"(?:_(GCM|CCM_8|CCM|CBC|POLY1305))?(?:_(SHA384|SHA256|SHA|MD5))?"
)
_KEYS = {
    "AES_128": 16,
    "AES_256": 32,
    "CAMELLIA_128": 16,
    "CAMELLIA_256": 32,
    "CHACHA20": 32,
    "3DES_EDE": 24,
    "RC4_128": 16,
    "NULL": 0,
}
_BLOCKS = {"AES_128": 16, "AES_256": 16, "CAMELLIA_128": 16, "CAMELLIA_256": 16, "3DES_EDE": 8}
_HASHES = {"SHA384": "sha384", "SHA256": "sha256", "SHA": "sha1", "MD5": "md5"}


class Suite(NamedTuple):
    """A cipher suite: `mode` is GCM, CCM, CCM_8, POLY1305, CBC, or "" for a stream cipher; sizes are octets.

    `prf` names the hash that keys are derived with from TLS 1.2 on, `mac` that of the records where they have one.
    """

    cipher: str
    mode: str
    key_size: int
    block_size: int
    prf: str
    mac: str


@functools.cache
def suite_of(number: int) -> Suite | None:
    """The cipher suite of a number, None where it is none that can be opened."""
    found = _SUITE.fullmatch(cipher_name(number))
    if found is None:
        return None
    cipher, mode, name = found.groups("")
    if cipher.startswith("CAMELLIA") and mode != "CBC":
        return None
    digest = _HASHES.get(name, "sha256")
    prf = "sha384" if digest == "sha384" else "sha256"
    return Suite(cipher, mode, _KEYS[cipher], _BLOCKS.get(cipher, 0), prf, digest)
