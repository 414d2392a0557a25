"""The pages that are made from descriptions are up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
_SPEC = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
assert _SPEC and _SPEC.loader
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_page_is_what_the_generator_makes(page):
    """Otherwise `python docs/generate.py` was forgotten."""
    made = "\n".join(generate.PAGES[page]()).rstrip("\n") + "\n"
    assert (DOCS / page).read_text(encoding="utf-8") == made
