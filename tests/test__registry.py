"""Plug-in folders."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from smtptrace._registry import Registry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A plug-in package of two entries and one helper."""
    package = tmp_path / "plugins_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text('"""Contract."""\n')
    (package / "_helper.py").write_text('"""No entry."""\n')
    (package / "one.py").write_text('"""The first.\n\nMore.\n"""\nGROUP = "look"\nVALUE = 1\n')
    (package / "two.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Registry("plugins_of_a_test")


def test_every_file_without_underscore_is_an_entry(folder: Registry) -> None:
    """Names come sorted, helpers are left out, nothing is imported for it."""
    assert list(folder) == ["one", "two"]
    assert len(folder) == 2
    assert "_helper" not in folder


def test_summary_and_constants_are_read_without_importing(folder: Registry) -> None:
    """The docstring's first line and literal constants come from the source."""
    assert folder.summary("one") == "The first."
    assert folder.summary("two") == ""
    assert folder.constant("one", "GROUP") == "look"
    assert folder.constant("two", "GROUP") is None


def test_an_entry_is_imported_when_asked_for(folder: Registry) -> None:
    """Indexing loads the module; what is no entry is a KeyError."""
    assert folder["one"].VALUE == 1
    with pytest.raises(KeyError):
        folder["_helper"]
    with pytest.raises(KeyError):
        folder.summary("three")


def test_a_suffix_of_modules_is_none_of_names(folder: Registry) -> None:
    """Entries have short names where their modules cannot."""
    short = Registry("plugins_of_a_test", suffix="e")
    assert list(short) == ["on", "two"]
    assert short["on"].VALUE == 1
    assert short.summary("on") == "The first."
    assert "one" not in short
