"""NTLM messages with pseudonyms and without proofs ([MS-NLMP] 2.2.1), field by field."""

from __future__ import annotations

import struct
from collections.abc import Callable

from smtptrace.pseudonymize._names import Names

SIGNATURE = b"NTLMSSP\0"
_UNICODE = 1
_FIELDS = {1: (16, 24), 2: (12, 40), 3: (12, 20, 28, 36, 44, 52)}
_FLAGS = {1: 12, 2: 20, 3: 60}
_SMALLEST = {1: 16, 2: 32, 3: 64}
_MIC = (72, 88)
_PAIRS_WITH_NAMES = frozenset((1, 2, 3, 4, 5, 9))
_PAIRS_OF_OCTETS = frozenset((8, 10))


def rewritten(message: bytes, names: Names) -> bytes | None:
    """The message with other names and filler for responses, None where it is not whole.

    LM responses keep the zeros that a session security nonce is followed by (2.2.2.3). Flags, times, challenges,
    version and the lengths of the responses stay.
    """
    kind = message[8] if len(message) > 8 else 0
    if kind not in _FIELDS or len(message) < _SMALLEST[kind]:
        return None
    (flags,) = struct.unpack_from("<I", message, _FLAGS[kind]) if len(message) >= _FLAGS[kind] + 4 else (0,)
    places = [(at, *struct.unpack_from("<HxxI", message, at)) for at in _FIELDS[kind] if at + 8 <= len(message)]
    held = [(at, start, message[start : start + size]) for at, size, start in places if size]
    if any(start >= len(message) or start < _SMALLEST[kind] - 12 for _, start, _ in held):
        return None
    first = min((start for _, start, _ in held), default=len(message))
    header = bytearray(message[:first])
    if kind == 3 and first >= _MIC[1]:
        header[_MIC[0] : _MIC[1]] = _like(message[_MIC[0] : _MIC[1]])
    encoding = "utf-16-le" if flags & _UNICODE and kind != 1 else "cp1252"
    payload = b""
    for at, _, octets in sorted(held, key=lambda each: each[1]):
        new = _field(kind, at, octets, encoding, names)
        struct.pack_into("<HHI", header, at, len(new), len(new), first + len(payload))
        payload += new
    return bytes(header) + payload


def _field(kind: int, at: int, octets: bytes, encoding: str, names: Names) -> bytes:
    if kind == 2 and at == 40:
        return _pairs(octets, names)
    if kind == 3 and at == 12:
        return _like(octets[:8]) + (octets[8:] if not any(octets[8:]) else _like(octets[8:]))
    if kind == 3 and at == 20:
        return _response(octets, names)
    if kind == 3 and at == 52:
        return _like(octets)
    return _name(octets, encoding, names, names.address if at == 36 else names.host)


def _response(octets: bytes, names: Names) -> bytes:
    """The NT response: 24 octets of version 1, or the proof and what it was made of (2.2.2.7, 2.2.2.8)."""
    if len(octets) < 44:
        return _like(octets)
    return _like(octets[:16]) + octets[16:32] + _like(octets[32:40]) + octets[40:44] + _pairs(octets[44:], names)


def _pairs(octets: bytes, names: Names) -> bytes:
    """AV pairs up to their end mark; what follows stays where it is zeros."""
    at, written = 0, b""
    while at + 4 <= len(octets):
        number, size = struct.unpack_from("<HH", octets, at)
        value = octets[at + 4 : at + 4 + size]
        at += 4 + size
        if number in _PAIRS_WITH_NAMES:
            value = _name(value, "utf-16-le", names, names.host)
        elif number in _PAIRS_OF_OCTETS:
            value = _like(value)
        written += struct.pack("<HH", number, len(value)) + value
        if number == 0:
            break
    rest = octets[at:]
    return written + (rest if not any(rest) else _like(rest))


def _name(octets: bytes, encoding: str, names: Names, pseudonym: Callable[[str], str]) -> bytes:
    text = octets.decode(encoding, "replace")
    service, slash, host = text.partition("/") if "/" in text else ("", "", text)
    names.learn(host, pseudonym)
    new = service + slash + pseudonym(host)
    return new.encode(encoding, "replace")


def _like(octets: bytes) -> bytes:
    """Filler of the same length; zeros stay, since they say that something was left out."""
    return octets if not any(octets) else b"\x11" * len(octets)
