"""Strings as programming languages write them."""

from __future__ import annotations

import re

SIMPLE = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"0": b"\0",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
    b"e": b"\x1b",
}
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u\{?([0-9A-Fa-f]{4,6})\}?|([0-7]{3})|(.))", re.S)
STRING = re.compile(rb"b?u?(?P<mark>['\"])(?P<body>[^\\'\"]*(?:(?:\\.|(?!(?P=mark))['\"])[^\\'\"]*)*)(?P=mark)", re.S)


def unquote(text: bytes) -> bytes | None:
    """The octets of the quoted string at the beginning of `text`, None where it does not begin with one.

    Python's `b'...'` and `'...'`, JavaScript's and Ruby's strings; a string whose end is cut off runs to the end.
    """
    found = STRING.match(text)
    if found:
        return unescape(found["body"])
    opened = re.match(rb"b?u?['\"]", text)
    return unescape(text[opened.end() :]) if opened else None


def unescape(body: bytes) -> bytes:
    """The octets that backslash escapes stand for; unknown ones stay as they are."""
    return ESCAPE.sub(_octets, body) if b"\\" in body else body


def _octets(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes((int(found[1], 16),))
    if found[2]:
        code = int(found[2], 16)
        return chr(code).encode("utf-8", "replace") if code < 0x110000 else found[0]
    if found[3]:
        return bytes((int(found[3], 8) & 0xFF,))
    return SIMPLE.get(found[4], found[4])
