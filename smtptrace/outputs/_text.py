"""Captured octets made safe to show: control octets, escape sequences and bidirectional marks become visible."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Controls (C0, DEL, C1), zero-width and bidirectional marks, line separators, tags and lone surrogates."""

_MARKS = 4
"""Combining marks in a row that are shown; more would run over the neighbouring lines."""

LONGEST = 2000
"""Characters of one line that are shown."""


def visible(value: str | bytes, longest: int = LONGEST) -> str:
    r"""Text of one line that is safe on a terminal; what is not printable is shown as `\xNN` or `\uNNNN`.

    Args:
        value: captured text, or octets (read as UTF-8, other octets become `\xNN`).
        longest: characters after which the line is cut, with a mark that says how many were left out.
    """
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    left_out = len(text) - longest
    if left_out > 0:
        text = text[:longest]
    if not text.isascii() or not text.isprintable():
        text = _few_marks(_UNSAFE.sub(_escape, text))
    return f"{text} [{left_out} more characters]" if left_out > 0 else text


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _few_marks(text: str) -> str:
    if text.isascii():
        return text
    shown: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category in {"Cn", "Co"} or marks > _MARKS:
            char = f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"  # noqa: PLW2901
        shown.append(char)
    return "".join(shown)
