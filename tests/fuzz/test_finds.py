"""Octets that once broke a decoder, and the fuzzers' seeds, played again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS

FINDS = Path(__file__).parent / "finds"


def _cases() -> list[Any]:
    cases = [
        pytest.param(group, seed, id=f"{group}-seed-{at}") for group in SEEDS for at, seed in enumerate(SEEDS[group])
    ]
    for path in sorted(FINDS.glob("*/*")):
        cases.append(pytest.param(path.parent.name, path.read_bytes(), id=f"{path.parent.name}-{path.name}"))
    return cases


@pytest.mark.parametrize(("group", "octets"), _cases())
def test_no_octets_break_a_decoder(group: str, octets: bytes) -> None:
    """Neither whole nor cut off anywhere."""
    for end in {len(octets), len(octets) // 2, len(octets) - 1}:
        TARGETS[group](octets[:end])
