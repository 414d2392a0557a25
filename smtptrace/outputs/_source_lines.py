"""Lines of a text as they stand in their file: what was said in a few octets is shown with what stands around it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from smtptrace.smtp import AuthExchange, Session

SHORT = 16
"""Characters below which a line says little by itself."""

_LONGEST_FILE = 8 * 1024 * 1024
_LONGEST_LINE = 300


def in_its_line(text: str, frame: int | None, session: Session) -> str:
    """The text, or the line of its file around it where it is short; never a line that holds a part of a login."""
    origin = session.connection.origin
    if len(text) >= SHORT or frame is None or origin.format.startswith(("pcap", "tshark", "interface")):
        return text
    lines = _lines(origin.path)
    line = lines[frame - 1].strip() if 0 < frame <= len(lines) else ""
    if text not in line or len(line) > _LONGEST_LINE or any(part in line for part in _login_parts(session)):
        return text
    return line


def _login_parts(session: Session) -> set[str]:
    """What the client sent within AUTH, as it was written."""
    sent = [part for auth in session.authentications for part in _sent(auth)]
    return {part.decode("utf-8", "replace") for part in sent if len(part) > 1}


def _sent(auth: AuthExchange) -> list[bytes]:
    return [auth.initial or b"", *(each.response or b"" for each in auth.rounds)]


def _lines(path: str) -> tuple[str, ...]:
    """The lines of a file, none where it cannot be read again."""
    try:
        state = Path(path).stat()
        return () if path == "-" or state.st_size > _LONGEST_FILE else _read(path, state.st_mtime_ns, state.st_size)
    except OSError:
        return ()


@lru_cache(maxsize=4)
def _read(path: str, *_state: int) -> tuple[str, ...]:
    return tuple(Path(path).read_text(encoding="utf-8", errors="replace").split("\n"))
