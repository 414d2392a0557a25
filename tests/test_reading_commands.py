"""Reading commands run where the modules that only POSIX systems have are missing, as on Windows."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.data import CAPTURES

CAPTURE = str(CAPTURES / "postfix-login-accepted.pcapng")
WITHOUT_POSIX = """
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {"fcntl", "termios", "pwd", "resource", "grp"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in ("fcntl", "termios", "pwd", "resource", "grp"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocked())
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter without the POSIX modules."""
    argv = [sys.executable, "-c", WITHOUT_POSIX + code, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list", CAPTURE],
        ["list", "--json", CAPTURE],
        ["show", CAPTURE],
        ["check", CAPTURE],
        ["diagnose", CAPTURE.replace("accepted", "refused")],
        ["decode", "AGFsaWNlAHNlY3JldA=="],
    ],
    ids=" ".join,
)
def test_a_reading_command_needs_no_posix(arguments):
    """It runs to its end and says something."""
    done = run("from smtptrace.cli._main import main; main()", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_importing_loads_no_heavy_module():
    """`import smtptrace` and `smtptrace --help` load neither an engine nor rich, numpy or a socket's TLS."""
    heavy = "{'scapy', 'pyshark', 'rich', 'numpy', 'cryptography', 'Cryptodome', 'email'}"
    code = f"""
import contextlib, io, json, smtptrace
from smtptrace.cli._main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps(sorted({heavy} & set(sys.modules))))
"""
    done = run(code, "--help")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_every_public_name_can_be_loaded():
    """What `smtptrace` offers is there, and what it does not offer is an AttributeError."""
    import smtptrace

    assert all(getattr(smtptrace, name) is not None for name in smtptrace.__all__)
    assert set(smtptrace.__all__) <= set(dir(smtptrace))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = smtptrace.no_such_name
