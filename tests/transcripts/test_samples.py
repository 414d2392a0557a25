"""What the tools themselves wrote is read as they meant it."""

from __future__ import annotations

import tomllib

import pytest
from support.data import CAPTURES
from support.told import dialect, exchanges

SAMPLES = tomllib.loads((CAPTURES / "text" / "INDEX.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", SAMPLES)
def test_sample(name: str) -> None:
    """Each sample gives its sessions, in the dialect of its tool."""
    text = (CAPTURES / "text" / name).read_bytes()
    assert exchanges(text) == SAMPLES[name]["sessions"]
    assert dialect(text) == SAMPLES[name]["dialect"]


def test_every_sample_is_listed() -> None:
    """INDEX.toml names what lies there, and nothing else."""
    assert {path.name for path in (CAPTURES / "text").glob("*.txt")} == set(SAMPLES)
