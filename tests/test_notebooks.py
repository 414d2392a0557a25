"""The notebooks run from top to bottom, show something, and use the public names alone."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import smtptrace

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


@every_notebook
def test_a_notebook_runs(path):
    """Every cell runs in a fresh kernel, and the last one prints something."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(path.parent)}}).execute()
    assert [cell for cell in notebook.cells if cell.cell_type == "code"][-1].outputs


@every_notebook
def test_a_notebook_uses_public_names_alone(path):
    """It imports smtptrace itself and asks it for names that it offers."""
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    assert not re.search(r"(?:from|import) smtptrace[. ](?!$)", code, re.MULTILINE)
    assert set(re.findall(r"\bsmtptrace\.(\w+)", code)) <= set(smtptrace.__all__)


@every_notebook
def test_a_notebook_is_kept_without_output(path):
    """What it shows is made anew, never stored."""
    cells = nbformat.read(path, as_version=4).cells
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
