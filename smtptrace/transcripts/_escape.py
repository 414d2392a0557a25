"""Octets as text on one line, and back (docs/dialects.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

PLAIN = re.compile(r"[^\\\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(\\))")


def escape(data: bytes) -> str:
    """Octets as text on one line: printable UTF-8 as it is, `\\` doubled, everything else as `\\xNN`."""
    text = data.decode("utf-8", "surrogateescape")
    text = "".join(piece if PLAIN.fullmatch(piece) else _escaped(piece) for piece in _pieces(text))
    return text.replace("${", "\\x24{") if "${" in text else text


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for found in PLAIN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()]
        yield found.group()
        at = found.end()
    if at < len(text):
        yield text[at:]


def _escaped(piece: str) -> str:
    return "".join("\\\\" if mark == "\\" else escaped(mark) for mark in piece)


def escaped(mark: str) -> str:
    """Every octet of the characters as `\\xNN`."""
    return "".join(f"\\x{octet:02x}" for octet in mark.encode("utf-8", "surrogateescape"))


def unescape(data: bytes) -> bytes:
    """The octets that an escaped text stands for."""
    if b"\\" not in data:
        return data
    return ESCAPE.sub(lambda found: bytes((int(found[1], 16),)) if found[1] else b"\\", data)


def line_of(data: bytes) -> str:
    """One line of a stream: CRLF is left out, its absence marked by a backslash at the end."""
    whole = data.endswith(b"\r\n")
    text = escape(data[:-2] if whole else data)
    if text.endswith((" ", "\t")) and whole:
        text = text[:-1] + escaped(text[-1])
    return text if whole else text + "\\"
