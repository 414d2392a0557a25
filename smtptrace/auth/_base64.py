"""Base64 lines of an AUTH exchange, read the way they were meant, with what was wrong named."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from smtptrace.auth import _marks, _text

LONGEST = 64 * 1024
"""Octets of base64 text that are decoded; RFC 4954, 4 allows 12288."""

_CLEAN = re.compile(rb"(?=.*[G-Zg-z+/=])(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
"""What nearly every line is: base64 as it should be, and no hex."""
_STANDARD = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_URL_SAFE = re.compile(rb"[A-Za-z0-9_-]*={0,2}")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){6,}|(?:[0-9A-F]{2}){6,}")
_LINE_ENDS = re.compile(rb"\r\n|[\r\n]|\\r\\n|\\n|\\r|%0[dD]%0[aA]|%0[aA]")


@dataclass(slots=True)
class Decoded:
    """What one line says: its octets (None where it is no base64) and slugs of what was wrong with it."""

    octets: bytes | None
    problems: tuple[str, ...] = ()


def decode(text: bytes) -> Decoded:
    """The octets of one base64 line without its line end (RFC 4648, 4); `=` is the empty response (RFC 4954, 4).

    Forms that servers refuse but a reader understands are decoded too and named: `newline-in-base64`,
    `surrounding-space`, `url-safe-base64`, `missing-base64-padding`, `excess-base64-padding`, `percent-encoded-base64`,
    `hex-instead-of-base64`. What cannot be decoded is `truncated-base64`, `not-base64`, `over-long`, or
    `masked-by-source` where another tool hid it.
    """
    if text == b"=":
        return Decoded(b"")
    if _marks.is_mark(text):
        return Decoded(None, ("masked-by-source",))
    if len(text) > LONGEST:
        return Decoded(None, ("over-long",))
    if len(text) % 4 == 0 and _CLEAN.fullmatch(text):
        return Decoded(base64.b64decode(text))
    return _decoded(*_one_line(text))


def _decoded(text: bytes, problems: tuple[str, ...]) -> Decoded:
    hexed = bytes.fromhex(text.decode()) if _HEX.fullmatch(text) else b""
    if hexed and _reads(hexed) and not _reads_as_base64(text):
        return Decoded(hexed, (*problems, "hex-instead-of-base64"))
    if b"%" in text:
        text, problems = unquote_to_bytes(text), (*problems, "percent-encoded-base64")
    if _STANDARD.fullmatch(text):
        return _padded(text, problems)
    if _URL_SAFE.fullmatch(text):
        return _padded(text.translate(bytes.maketrans(b"-_", b"+/")), (*problems, "url-safe-base64"))
    return Decoded(None, (*(slug for slug in problems if slug != "percent-encoded-base64"), "not-base64"))


def _reads(octets: bytes) -> bool:
    """Whether the octets are text, NULs aside."""
    return _text.is_printable(octets.replace(b"\0", b""))


def _reads_as_base64(text: bytes) -> bool:
    return len(text) % 4 == 0 and _reads(base64.b64decode(text))


def _one_line(text: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The text without line ends and spaces around it, and what they are called."""
    joined = _LINE_ENDS.sub(b"", text)
    stripped = joined.strip(b" \t")
    problems = ("newline-in-base64",) if joined != text else ()
    return stripped, (*problems, "surrounding-space") if stripped != joined else problems


def _padded(text: bytes, problems: tuple[str, ...]) -> Decoded:
    body = text.rstrip(b"=")
    if len(body) % 4 == 1:
        return Decoded(None, (*problems, "truncated-base64"))
    right = body + b"=" * (-len(body) % 4)
    if text == right:
        return Decoded(base64.b64decode(right, validate=True), problems)
    wrong = "missing-base64-padding" if len(text) < len(right) else "excess-base64-padding"
    return Decoded(base64.b64decode(right, validate=True), (*problems, wrong))
