"""Files of TLS keys."""

from __future__ import annotations

from pathlib import Path

from smtptrace.errors import UnreadableError

_LONGEST_KEY_LOG = 64 * 1024 * 1024


def read_key_log(path: str) -> bytes:
    """The lines of a key log file (SSLKEYLOGFILE), its first 64 MiB; raises UnreadableError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(_LONGEST_KEY_LOG)
    except OSError as error:
        raise UnreadableError(f"{path}: {(error.strerror or str(error)).lower()}") from error
