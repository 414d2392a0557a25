"""Files that nobody else may read: they hold captured octets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from smtptrace.errors import UsageError


def private_folder(path: Path) -> Path:
    """The folder, made with mode 0700 where it does not exist.

    Raises:
        UsageError: it cannot be made, or is no folder.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: cannot be used as a folder: {error.strerror}") from error
    return path


def private_file(path: Path) -> BinaryIO:
    """A new file with mode 0600, open for writing; one that exists is never overwritten, a link never followed.

    Raises:
        UsageError: the file exists, or cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError as error:
        raise UsageError(f"{path}: exists already and is not overwritten; name another place") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
