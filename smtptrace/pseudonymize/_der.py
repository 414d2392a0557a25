"""GSS-API tokens with pseudonyms: names inside Kerberos and SPNEGO replaced, everything encrypted filled (X.690)."""

from __future__ import annotations

from smtptrace.pseudonymize import _ntlm
from smtptrace.pseudonymize._names import Names

_STRINGS = {0x0C, 0x13, 0x16, 0x1A, 0x1B}
_OCTET_STRING, _OID, _GSS = 0x04, 0x06, 0x60
_DEEPEST = 24
_TOKEN_IDS = (b"\x01\x00", b"\x02\x00", b"\x03\x00")


def rewritten(token: bytes, names: Names) -> bytes | None:
    """The token with other names and filler for what is encrypted, None where it cannot be read to its end."""
    try:
        return _values(token, names, 0)
    except (IndexError, ValueError):
        return None


def _values(octets: bytes, names: Names, depth: int) -> bytes:
    if depth > _DEEPEST:
        raise ValueError("too deep")
    at, written = 0, b""
    while at < len(octets):
        tag, start, stop = _head(octets, at)
        written += _wrapped(tag, _value(tag, octets[start:stop], names, depth))
        at = stop
    return written


def _head(octets: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and stop of the value at `at`."""
    tag, size, start = octets[at], octets[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("a tag of several octets")
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("no definite length")
        size, start = int.from_bytes(octets[start : start + count], "big"), start + count
    if start + size > len(octets):
        raise ValueError("cut off")
    return tag, start, start + size


def _value(tag: int, value: bytes, names: Names, depth: int) -> bytes:
    if tag == _GSS:
        _, _, end = _head(value, 0)
        rest = value[end:]
        framed = 2 if rest[:2] in _TOKEN_IDS else 0
        return value[:end] + rest[:framed] + _values(rest[framed:], names, depth + 1)
    if tag & 0x20:
        return _values(value, names, depth + 1)
    if tag in _STRINGS:
        return _string(value, names)
    if tag == _OCTET_STRING:
        return _inner(value, names, depth)
    return value


def _inner(value: bytes, names: Names, depth: int) -> bytes:
    """An octet string: another token, or octets that nobody can read."""
    if value.startswith(_ntlm.SIGNATURE):
        return _ntlm.rewritten(value, names) or bytes(len(value))
    if value[:1] in (b"\x60", b"\x30", b"\x6e", b"\xa0", b"\xa1"):
        try:
            return _values(value, names, depth + 1)
        except (IndexError, ValueError):
            pass
    return b"\x11" * len(value)


def _string(value: bytes, names: Names) -> bytes:
    text = value.decode("utf-8", "replace")
    names.learn(text, names.known)
    return names.known(text).encode()


def _wrapped(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value
