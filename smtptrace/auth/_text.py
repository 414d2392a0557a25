"""Captured octets as text on one line, and back to what they may have meant."""

from __future__ import annotations

import re

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST = 400
"""Characters of one line shown for a step; the octets themselves stay in the session."""


def text_of(octets: bytes) -> str:
    """The octets as UTF-8, what is none replaced by U+FFFD."""
    return octets.decode("utf-8", "replace")


def is_utf8(octets: bytes) -> bool:
    """Whether the octets are valid UTF-8."""
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def one_line(octets: bytes) -> str:
    """The octets as text on one line: control characters as `\\x00`, what is too long cut with its size."""
    return escaped(text_of(octets[: 4 * LONGEST]), len(octets))


def escaped(text: str, size: int | None = None) -> str:
    """The text on one line; `size` is the number of octets to name where it is cut."""
    shown = _CONTROLS.sub(lambda found: f"\\x{ord(found.group()):02x}", text[:LONGEST])
    return shown if len(text) <= LONGEST else f"{shown}... ({size if size is not None else len(text)} octets)"


def is_printable(octets: bytes) -> bool:
    """Whether the octets are UTF-8 text without control characters, and some."""
    return bool(octets) and is_utf8(octets) and not _CONTROLS.search(octets.decode("utf-8"))
