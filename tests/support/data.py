"""Where the test data lies: our own captures, and the reference data where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[2] / "captures"


def reference(*parts: str) -> Path:
    """A path in the folder that SMTPTRACE_CORPUS names; skips the test where it is not set."""
    root = os.environ.get("SMTPTRACE_CORPUS")
    if not root:
        pytest.skip("SMTPTRACE_CORPUS is not set: the reference captures are not at hand")
    return Path(root, *parts)
