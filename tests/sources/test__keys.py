"""Files of TLS keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtptrace.errors import UnreadableError
from smtptrace.sources import read_key_log


def test_the_lines_of_a_file(tmp_path: Path) -> None:
    """As they are; what they mean is read later."""
    (tmp_path / "keys").write_bytes(b"CLIENT_RANDOM 00 11\r\n")
    assert read_key_log(str(tmp_path / "keys")) == b"CLIENT_RANDOM 00 11\r\n"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(UnreadableError, match="none: no such file or directory"):
        read_key_log(str(tmp_path / "none"))
