"""The commands that set up and check the project: what they find out before they begin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CI = Path(__file__).parents[1] / ".ci"


def test_ci_fails_without_the_reference_data(tmp_path):
    """It names the folder it looked in and how to name another, and runs nothing."""
    env = {**os.environ, "SMTPTRACE_CORPUS": str(tmp_path / "absent")}
    done = subprocess.run([CI / "run"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "absent" in done.stderr and "SMTPTRACE_CORPUS" in done.stderr
    assert not done.stdout


def test_the_pythons_are_found_newest_first(tmp_path):
    """Python 3.11 and newer with venv, one a minor version; broken ones and older ones are left out."""
    for name, answer in (("python3.9", "3.9"), ("python3.11", "3.11"), ("python3.20", "3.20"), ("python3.21", "")):
        program = tmp_path / name
        line = f'echo "{answer}\t{program}"' if answer else "exit 1"
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path / "pyenv")}
    done = subprocess.run([CI / "pythons"], env=env, capture_output=True, text=True, check=True)
    versions = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert versions[0] == "3.20"
    assert "3.9" not in versions and "3.21" not in versions
    assert versions.count("3.11") == 1


def test_this_python_is_among_them():
    """The interpreter that runs the tests is one that they could be run with."""
    done = subprocess.run([CI / "pythons"], capture_output=True, text=True, check=True)
    assert "{}.{}".format(*sys.version_info) in [line.split("\t")[0] for line in done.stdout.splitlines()]
