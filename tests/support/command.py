"""Commands as a user calls them, within the process of the test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from smtptrace.cli._main import run


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def objects(self, schema: str | None = None) -> list[dict[str, Any]]:
        """The JSON lines, those of one schema where it is named."""
        objects = [json.loads(line) for line in self.out.splitlines()]
        return [each for each in objects if schema is None or each["schema"].startswith(f"smtptrace.{schema}/")]


class Command:
    """Calls commands and gives what they said."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: object) -> Said:
        code = run([str(argument) for argument in arguments])
        printed = self._capture.readouterr()
        return Said(code, printed.out, printed.err)
