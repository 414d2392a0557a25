"""The command under test."""

from __future__ import annotations

import pytest
from support.command import Command


@pytest.fixture
def smtptrace(capsys: pytest.CaptureFixture[str]) -> Command:
    """Call `smtptrace(...)` with arguments, get code, output and errors."""
    return Command(capsys)
