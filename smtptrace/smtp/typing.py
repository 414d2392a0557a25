"""What a person at a keyboard meant: editing keys and telnet's own octets taken out of a line.

Terminals and telnet in character mode send every key, so a correction reaches the server as octets (0x08, 0x7F,
cursor sequences) instead of mending the line (RFC 854 for the telnet commands and CR NUL).
"""

from __future__ import annotations

import re

TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.{0,256}?\xff\xf0|[\xf0-\xf9])", re.DOTALL)
"""A telnet command: negotiation of an option, a subnegotiation, or a single one (RFC 854)."""

_KEY = re.compile(
    rb"[\x08\x7f]"  # backspace and delete, as terminals send the backspace key
    rb"|[\x15\x17\x01\x05\x0b]"  # Ctrl-U, Ctrl-W, Ctrl-A, Ctrl-E, Ctrl-K
    rb"|\x1b[\[O][0-9;]*[A-Za-z~]"  # cursor keys and the like
    rb"|\r\0|\r?\n|\r"  # line ends
)
_LEFT, _RIGHT = (b"\x1b[D", b"\x1bOD"), (b"\x1b[C", b"\x1bOC")
_HOME, _END = (b"\x1b[H", b"\x1bOH", b"\x1b[1~", b"\x01"), (b"\x1b[F", b"\x1bOF", b"\x1b[4~", b"\x05")
_LONGEST = 16 * 1024


def is_edited(raw: bytes) -> bool:
    """Whether a line holds editing keys or telnet commands."""
    return any(octet in raw for octet in (b"\x08", b"\x7f", b"\x15", b"\x17", b"\x1b", b"\r\0")) or bool(
        TELNET.search(raw)
    )


def as_meant(raw: bytes) -> bytes:
    """The line as it was meant, with its line end as CRLF where it has one.

    Backspace takes back one character (all octets of one in UTF-8), Ctrl-U the line, Ctrl-W a word; cursor keys move
    the place where the next octets go in; telnet commands and keys without a meaning here vanish. Nobody types lines
    of more than 16 KiB: they are given back as they are.
    """
    if len(raw) > _LONGEST:
        return raw
    raw = TELNET.sub(b"", raw) if b"\xff" in raw else raw
    line, after = bytearray(), bytearray()
    at = 0
    for key in _KEY.finditer(raw):
        line += raw[at : key.start()]
        at = key.end()
        _press(key[0], line, after)
    return bytes(line + raw[at:] + after)


def _press(key: bytes, line: bytearray, after: bytearray) -> None:
    """One key: `line` stands left of the cursor, `after` right of it."""
    if key in (b"\x08", b"\x7f"):
        del line[_last(line) :]
    elif key == b"\x15":
        del line[line.rfind(b"\n") + 1 :]
    elif key == b"\x17":
        del line[max(line.rstrip(b" ").rfind(b" "), line.rfind(b"\n")) + 1 :]
    elif key == b"\x0b":
        after.clear()
    elif key == b"\x1b[3~":
        del after[: _first(after)]
    elif key[0] == 0x1B or key in (b"\x01", b"\x05"):
        _move(key, line, after)
    else:
        line += after + b"\r\n"
        after.clear()


def _move(key: bytes, line: bytearray, after: bytearray) -> None:
    if key in _LEFT:
        cut = _last(line)
    elif key in _RIGHT:
        cut = len(line) + _first(after)
    elif key in _HOME:
        cut = line.rfind(b"\n") + 1
    elif key in _END:
        cut = len(line) + len(after)
    else:
        return
    whole = line + after
    line[:], after[:] = whole[:cut], whole[cut:]


def _last(line: bytearray) -> int:
    """Where the last character begins; a line end is not taken back."""
    at = len(line) - 1
    while at > 0 and line[at] & 0xC0 == 0x80:
        at -= 1
    return at if at >= 0 and line[at] != 0x0A else len(line)


def _first(after: bytearray) -> int:
    """Where the first character ends."""
    at = min(1, len(after))
    while at < len(after) and after[at] & 0xC0 == 0x80:
        at += 1
    return at
