"""The command under test."""

from __future__ import annotations

import pytest
from support.command import Command


@pytest.fixture
def smtptrace(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Call `smtptrace(...)` with arguments, get code, output and errors; the machine's zone is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    return Command(capsys)
