"""Lists of `name=value` as DIGEST-MD5 and SCRAM write them."""

from __future__ import annotations

import re

MOST = 64
_DIRECTIVE = re.compile(rb'[\s,]*([A-Za-z0-9_-]{1,64})\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^,]*))', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def quoted_list(octets: bytes) -> dict[str, bytes]:
    """The directives of RFC 2831, 7.1 by lower-case name, unquoted; the first of a name wins."""
    found: dict[str, bytes] = {}
    at = 0
    while len(found) < MOST and (directive := _DIRECTIVE.match(octets, at)):
        name, quoted, token = directive.groups()
        value = token.strip() if quoted is None else _ESCAPED.sub(rb"\1", quoted)
        found.setdefault(name.decode("ascii").lower(), value)
        at = directive.end()
    return found


def attributes(octets: bytes) -> dict[str, bytes]:
    """The attributes of RFC 5802, 5.1 by their letter; the first wins."""
    found: dict[str, bytes] = {}
    for part in octets.split(b",", MOST)[:MOST]:
        if part[1:2] == b"=" and part[:1].isalpha():
            found.setdefault(part[:1].decode("ascii"), part[2:])
    return found


def sasl_name(octets: bytes) -> bytes:
    """A saslname with its comma and equals sign back (RFC 5802, 5.1)."""
    return octets.replace(b"=2C", b",").replace(b"=2c", b",").replace(b"=3D", b"=").replace(b"=3d", b"=")
