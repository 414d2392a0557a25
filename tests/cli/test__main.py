"""The command as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Command

import smtptrace.cli._main as main
from smtptrace._registry import Registry

HEAVY = ("scapy", "pyshark", "rich", "orjson", "cryptography", "Cryptodome", "communityid", "email")


def test_help_shows_every_command_under_a_heading(smtptrace: Command) -> None:
    """Each command names its group; none is left out of the help."""
    said = smtptrace("--help")
    assert said.code == 0
    for name in Registry("smtptrace.cli"):
        assert main.COMMANDS.constant(name, "GROUP") in main.GROUPS, name
        assert f"  {name.replace('_', '-')} " in said.out


@pytest.mark.parametrize("name", list(Registry("smtptrace.cli")))
def test_every_command_explains_itself_with_an_example(smtptrace: Command, name: str) -> None:
    """`COMMAND --help` works and shows how it is called."""
    said = smtptrace(name.replace("_", "-"), "--help")
    assert said.code == 0
    assert f"smtptrace {name.replace('_', '-')}" in said.out.partition("Usage:")[2].partition("\n")[2]


def test_help_loads_nothing_heavy() -> None:
    """`smtptrace --help` and `import smtptrace` stay cheap."""
    code = (
        "import sys, smtptrace\n"
        "from smtptrace.cli._main import run\n"
        "run(['--help'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_command_is_a_usage_error(smtptrace: Command) -> None:
    """Exit code 2, and a word on standard error."""
    said = smtptrace("frobnicate")
    assert said.code == 2
    assert "frobnicate" in said.err


def test_the_version_is_told(smtptrace: Command) -> None:
    """`--version` names program and version."""
    assert smtptrace("--version").out.startswith("smtptrace")


def test_a_closed_pipe_is_no_error() -> None:
    """`smtptrace ... | head` ends without a traceback."""
    reader = "import sys; sys.stdin.read(1)"
    code = f"{sys.executable} -m smtptrace --help | {sys.executable} -c '{reader}'"
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_line(monkeypatch, capsys):
    """No traceback, and the exit code of a tool that is broken."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(main.smtptrace, "main", full)
    monkeypatch.setattr(main, "_drop_output", lambda: None)
    assert main.run([]) == 4
    assert capsys.readouterr().err == "smtptrace: [Errno 28] No space left on device\n"


@pytest.mark.parametrize("arguments", ["list", "show", "diagnose", "list --json", "convert --to csv", "clean"])
def test_a_reader_that_leaves_ends_the_run_quietly(arguments: str, tmp_path: Path) -> None:
    """`| head`: not a word, and the exit code of a program that SIGPIPE ended, whatever the command."""
    many = tmp_path / "many.txt"
    many.write_text("220 mx.test\nHELO a\n250 hi\nMAIL FROM:<a@b.test>\n550 no\nQUIT\n221 bye\n" * 2000)
    command = [sys.executable, "-m", "smtptrace", *arguments.split(), str(many)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.parametrize("command", ["list", "show"])
def test_a_closed_output_is_none(command: str, tmp_path: Path) -> None:
    """`>&-` loses what is written, and nothing else happens."""
    one = tmp_path / "one.txt"
    one.write_text("220 mx.test\nHELO a\n250 hi\nQUIT\n221 bye\n")
    line = [sys.executable, "-m", "smtptrace", command, str(one)]
    done = subprocess.run(
        line, capture_output=False, stderr=subprocess.PIPE, check=False, preexec_fn=lambda: os.close(1)
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
