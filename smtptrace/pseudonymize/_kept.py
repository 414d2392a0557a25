"""Bodies that are kept: names replaced in what can be read, filler for what is encoded and holds one or is no text."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterator, Sequence

from smtptrace.pseudonymize._names import filler
from smtptrace.pseudonymize._text import Sweeper

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9+/]{1,15}={1,2}")
_SHORT = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
"""A line of base64, and one that may be the last of several."""

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ESCAPED = re.compile(rb"=[0-9A-Fa-f]{2}|=$|&[#a-zA-Z0-9]{2,10};")
_LETTER = re.compile(rb"[A-Za-z0-9+/]")
_END = re.compile(rb"\r?\n$")


def rewritten(lines: Sequence[bytes], sweeper: Sweeper, unread: list[str]) -> Iterator[bytes]:
    """The lines of a body, with their ends, as they may be kept; `unread` is told of what could not be looked into."""
    at = 0
    while at < len(lines):
        size = _encoded(lines, at)
        block = lines[at : at + size]
        yield from (
            _base64(block, sweeper, unread) if size else _text(lines[at : at + (size := _soft(lines, at))], sweeper)
        )
        at += size


def _encoded(lines: Sequence[bytes], at: int) -> int:
    """How many lines from there on are base64."""
    size = 0
    while at + size < len(lines):
        line = lines[at + size].rstrip(b"\r\n")
        if not (_BASE64.fullmatch(line) or (size and _SHORT.fullmatch(line))):
            break
        size += 1
        if line.endswith(b"="):
            break
    return size


def _base64(block: Sequence[bytes], sweeper: Sweeper, unread: list[str]) -> Sequence[bytes]:
    """A block of base64: as it is where it is text without a name, else as long and without what it says."""
    said = b"".join(line.rstrip(b"\r\n") for line in block)
    try:
        decoded = base64.b64decode(said[: len(said) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    utf16 = decoded.replace(b"\0", b"")
    binary = len(block) > 1 and _BINARY.search(decoded) and _BINARY.search(utf16)
    if not binary and sweeper.octets(decoded) == decoded and sweeper.octets(utf16) == utf16:
        return [sweeper.octets(line) for line in block] if len(block) == 1 else block
    if binary:
        unread.append(f"{len(said)} octets of encoded content")
    return [_LETTER.sub(b"A", line) for line in block]


def _soft(lines: Sequence[bytes], at: int) -> int:
    """How many lines from there on are one line of quoted-printable."""
    size = 1
    while at + size < len(lines) and _END.sub(b"", lines[at + size - 1]).endswith(b"="):
        size += 1
    return size


def _text(lines: Sequence[bytes], sweeper: Sweeper) -> Sequence[bytes]:
    """One line, which may be broken in several: filled where a name shows only once it is decoded."""
    kept = [sweeper.octets(line) for line in lines]
    if len(lines) == 1 and not _ESCAPED.search(_END.sub(b"", lines[0])):
        return kept
    for octets in (quopri.decodestring(b"".join(lines)), _unescaped(b"".join(lines))):
        if sweeper.octets(octets) != octets:
            return kept if _is_clean(kept, sweeper) else [_filled(line) for line in lines]
    return kept


def _is_clean(kept: Sequence[bytes], sweeper: Sweeper) -> bool:
    """Whether what was replaced in the single lines was all there is: decoded, they hold no name that was learnt."""
    joined = b"".join(kept)
    return not any(sweeper.knows(octets) for octets in (quopri.decodestring(joined), _unescaped(joined)))


def _unescaped(octets: bytes) -> bytes:
    return html.unescape(octets.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _filled(line: bytes) -> bytes:
    """Filler that keeps the soft line break and the dot at the beginning."""
    end = _END.search(line)
    text, rest = (line[: end.start()], line[end.start() :]) if end else (line, b"")
    dot, soft = b"." * text.startswith(b"."), b"=" * text.endswith(b"=")
    return dot + filler(text[len(dot) : len(text) - len(soft)]) + soft + rest
