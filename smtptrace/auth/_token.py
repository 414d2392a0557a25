"""Any one line or token of an AUTH exchange, recognised by itself."""

from __future__ import annotations

import re

from smtptrace.auth import _base64, _marks, _mistakes, _text
from smtptrace.auth._description import Description, row
from smtptrace.auth._read import MECHANISMS
from smtptrace.secret import Secret

LONGEST = 128 * 1024
"""Octets of input that are looked at."""

_PREFIX = re.compile(rb"(?:[CS]: |[<>] |-> |<- |~> |<~ )?\s*")
_COMMAND = re.compile(rb"(AUTH|X-EXPS)[ \t]+([A-Za-z0-9_-]{1,40})(?:[ \t]+(.*))?", re.IGNORECASE | re.DOTALL)
_REPLY = re.compile(rb"(334|235)[ -](.*)", re.DOTALL)
_HEX = re.compile(rb"(?:0x)?((?:[0-9A-Fa-f]{2}){4,})")
_ALPHABET = re.compile(rb"[A-Za-z0-9+/_=-]+")
_DEEPEST = 3


def decode_token(text: str | bytes) -> Description:
    """What the text is: base64 (also URL-safe, wrapped or double), hex, or a whole `AUTH ...` or `334 ...` line.

    Args:
        text: the token; a text with other line ends around and inside it is taken as one token.
    """
    octets = (text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)[:LONGEST].strip()
    octets = octets[_PREFIX.match(octets).end() :]  # type: ignore[union-attr]
    command, reply = _COMMAND.fullmatch(octets), _REPLY.fullmatch(octets)
    if command:
        verb, mechanism, said = command.groups()
        name = f"{verb.decode().upper()} {mechanism.decode().upper()}"
        return _named(name, said or b"")
    if reply:
        return _named(reply.group(1).decode(), reply.group(2).strip())
    return _of(octets)


def describe(octets: bytes) -> Description | None:
    """What the decoded octets are, asked of every mechanism; None where none knows them."""
    for name in MECHANISMS:
        known = getattr(MECHANISMS[name], "describe", None)
        found: Description | None = known(octets) if known else None
        if found is not None:
            return found
    return None


def _named(name: str, said: bytes) -> Description:
    """A line whose beginning says what it is."""
    if said in (b"", b"="):
        return Description("nothing said" if not said else "empty response", encodings=(name,))
    found = _of(said)
    found.encodings = (name, *found.encodings)
    return found


def _of(text: bytes, depth: int = 0) -> Description:
    """The text as a token, out of its encodings one after the other."""
    if _marks.is_mark(text):
        return Description("hidden by the source", (row("mark", text),), ("masked-by-source",))
    known = describe(text)
    if known is not None:
        return known
    encoding, octets, problems = _unwrapped(text)
    if octets is None:
        return Description("text", (row("text", text),), problems) if _text.is_printable(text) else _binary(text)
    found = describe(octets)
    if found is None and depth < _DEEPEST and _mistakes.decoded_twice(octets) is not None:
        found = _of(octets, depth + 1)
        problems = (*problems, "double-base64")
    found = found or _unknown(octets)
    found.encodings = (encoding, *found.encodings)
    found.problems = tuple(dict.fromkeys((*problems, *found.problems)))
    return found


def _unwrapped(text: bytes) -> tuple[str, bytes | None, tuple[str, ...]]:
    """(encoding, octets, problems); octets are None where the text is in no encoding."""
    joined = b"".join(text.split())
    hexed = _HEX.fullmatch(joined)
    if hexed:
        octets = bytes.fromhex(hexed.group(1).decode())
        if describe(octets) or _text.is_printable(octets):
            return "hex", octets, ()
    if not _ALPHABET.fullmatch(joined):
        decoded = _base64.decode(text)
        return "base64", decoded.octets, decoded.problems
    decoded = _base64.decode(joined)
    wrapped = ("wrapped-line",) if joined != text and decoded.octets is not None else ()
    return "base64", decoded.octets, (*wrapped, *decoded.problems)


def _unknown(octets: bytes) -> Description:
    if _text.is_printable(octets.strip(b"\r\n\0")):
        return Description("text", (row("text", octets),), _mistakes.of_value(octets))
    wide = _mistakes.utf16_text(octets)
    if wide is not None:
        return Description("text in UTF-16", (row("text", wide),), ("utf-16",))
    return _binary(octets)


def _binary(octets: bytes) -> Description:
    return Description("binary", (row("octets", Secret(octets[:256].hex()), 0, len(octets)),))
