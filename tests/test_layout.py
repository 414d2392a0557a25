"""The shape of the project: small files, short functions, documented names, a test file for each module."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "smtptrace"
MODULES = sorted(PACKAGE.rglob("*.py"))

LONGEST_FILE, LONGEST_FUNCTION = 350, 60
POSIX_ONLY = {"fcntl", "termios", "pwd", "resource", "grp", "pty", "tty", "syslog"}
MAY_BE_POSIX = ("record/", "replay/console")
TABLES: set[str] = set()
"""Modules that are data and may be longer."""
STAGES = {"smtp", "tcp", "tls"}
"""Folders whose modules are one machine, and are tested from its two ends."""
TESTED_ELSEWHERE: dict[str, str] = {
    "__init__.py": "tests/test_reading_commands.py imports it in every way",
    "__main__.py": "the tests of cli/ start it",
}
"""Modules without a test file of their own, and where they are tested."""


def name(path: Path) -> str:
    """The path as a person would write it."""
    return path.relative_to(PACKAGE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


every_module = pytest.mark.parametrize("path", MODULES, ids=[name(path) for path in MODULES])


@every_module
def test_a_file_does_one_thing(path):
    """A file is under 350 lines, unless it is a table of data."""
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines < LONGEST_FILE or name(path) in TABLES


@every_module
def test_a_function_fits_on_a_page(path):
    """No function is longer than 60 lines."""
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path) if f.end_lineno - f.lineno >= LONGEST_FUNCTION}
    assert not long


@every_module
def test_public_names_are_documented(path):
    """A module and its public classes and functions say in a sentence what they are."""
    module = tree(path)
    assert ast.get_docstring(module), "the module has no docstring"
    assert not [node.name for node in documented(module) if not ast.get_docstring(node)]


def documented(node: ast.Module | ast.ClassDef) -> list[ast.ClassDef | ast.FunctionDef]:
    """Public classes and functions of a module or a public class, at every depth but inside functions."""
    found: list[ast.ClassDef | ast.FunctionDef] = []
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            found.append(child)
            found += documented(child) if isinstance(child, ast.ClassDef) else []
    return found


@every_module
def test_reading_works_on_windows(path):
    """Nothing outside record/ and the console imports a module that only POSIX systems have."""
    if name(path).startswith(MAY_BE_POSIX):
        pytest.skip("recording and the console may")
    imported = {part for node in ast.walk(tree(path)) for part in imports(node)}
    assert not imported & POSIX_ONLY


def imports(node: ast.AST) -> set[str]:
    """The top-level names of the modules that an import statement asks for."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


@every_module
def test_a_module_is_tested_beside_its_kin(path):
    """smtptrace/a/b.py has tests/a/test_b.py, or a table of tests/a/ names it; helpers and stages share the folder's.

    How well is another matter: branch coverage of the stages is held by `make cover`.
    """
    if name(path) in TESTED_ELSEWHERE or not functions(path) or has_case(path):
        pytest.skip(TESTED_ELSEWHERE.get(name(path), "nothing but names, or tested by the cases of its folder"))
    folder = ROOT / "tests" / path.parent.relative_to(PACKAGE)
    if path.stem.startswith("_") or path.parent.name in STAGES:
        assert list(folder.glob("test_*.py")), f"no test in {folder.relative_to(ROOT)}"
    else:
        wanted = folder / f"test_{path.stem}.py"
        assert wanted.exists() or named_in(folder, path.stem), f"no {wanted.relative_to(ROOT)}"


def named_in(folder: Path, stem: str) -> bool:
    """Whether a test or a table of `folder` names the entry `stem`, as a module or as users write it."""
    if folder == ROOT / "tests":
        return False
    pattern = re.compile(rf"(?<![\w-]){stem.replace('_', '[-_]')}(?![\w-])")
    files = [file for file in folder.glob("*") if file.suffix in {".py", ".toml"}]
    return any(pattern.search(file.read_text(encoding="utf-8")) for file in files)


def has_case(path: Path) -> bool:
    """Whether the module is an entry of a folder whose tests are a table of cases, and stands in it."""
    cases = ROOT / "tests" / path.parent.relative_to(PACKAGE) / "cases.toml"
    return cases.is_file() and f'"{path.stem.replace("_", "-")}"' in cases.read_text(encoding="utf-8")


def test_no_file_names_the_machine_it_was_written_on():
    """No path of a home or work folder stands in a file that is kept; /home/user/ is anybody's."""
    kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    found = []
    for path in (ROOT / file.decode() for file in kept if file):
        if path.is_file() and re.search(rb"/(?:home/(?!user/)|Users/|work/|root/)[a-z.]", path.read_bytes()):
            found.append(path.relative_to(ROOT).as_posix())
    assert not found
