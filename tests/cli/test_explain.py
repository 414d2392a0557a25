"""`smtptrace explain`."""

from __future__ import annotations

import json

import pytest
from support.command import Command

from smtptrace.cli._pocketbook import article, names


@pytest.mark.parametrize("name", names())
def test_every_name_has_its_article(name):
    """Rule, pattern or cause: a meaning, and where to read on."""
    found = article(name)
    assert found is not None and found.meaning.endswith(".") and found.parts["see"]


def test_a_code_is_explained_by_standard_and_servers(smtptrace: Command) -> None:
    """What RFC 5321 says, and what servers mean by it."""
    said = smtptrace("explain", "535")
    assert said.code == 0
    assert said.out.startswith("535 (code): The login is refused.")
    assert "-> wrong-credentials" in said.out


def test_a_pattern_names_its_thresholds(smtptrace: Command) -> None:
    """With defaults, as `check --threshold` takes them."""
    assert "failures = 10" in smtptrace("explain", "password-guessing").out


def test_without_a_name_all_are_listed(smtptrace: Command) -> None:
    """One a line."""
    assert smtptrace("explain").out.splitlines() == names()


def test_json(smtptrace: Command) -> None:
    """One object."""
    found = json.loads(smtptrace("explain", "--json", "greylisting").out)
    assert (found["schema"], found["kind"]) == ("smtptrace.explain/1", "cause")


def test_an_unknown_name_is_answered_with_near_ones(smtptrace: Command) -> None:
    """And exit code 2."""
    said = smtptrace("explain", "mechanism-not-offerd")
    assert said.code == 2
    assert "did you mean mechanism-not-offered" in said.err
