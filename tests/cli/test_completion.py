"""What the shell is told when Tab is pressed."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete

from smtptrace.cli._main import COMMANDS, run, smtptrace


def completed(*words: str) -> list[tuple[str, str]]:
    """(kind, value) of what the last word may be."""
    *before, incomplete = words
    asked = ShellComplete(smtptrace, {}, "smtptrace", "_SMTPTRACE_COMPLETE")
    return [(each.type, each.value) for each in asked.get_completions(list(before), incomplete)]


@pytest.mark.parametrize(
    "command", ["check", "clean", "convert", "diagnose", "extract", "list", "show", "replay", "diff", "serve"]
)
def test_a_recording_is_a_file(command):
    """Its name is completed by the shell, in every command that reads one."""
    assert completed(command, "ma") == [("file", "ma")]
    assert command in COMMANDS


def test_commands_options_and_choices():
    """By their beginning."""
    assert [value for _, value in completed("con")] == ["connect", "convert"]
    assert ("plain", "--version") in completed("--ve")
    assert ("plain", "--timeout") in completed("connect", "--ti")
    assert ("plain", "encrypted") in completed("list", "--only", "en")


def test_what_explain_knows():
    """Rules, patterns and causes."""
    assert completed("explain", "wrong-c") == [("plain", "wrong-credentials")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell, monkeypatch, capsys):
    """As `--help` says: it asks the command again at each Tab."""
    monkeypatch.setenv("_SMTPTRACE_COMPLETE", f"{shell}_source")
    with pytest.raises(SystemExit) as ended:
        run([])
    assert ended.value.code == 0
    assert f"_SMTPTRACE_COMPLETE={shell}_complete" in capsys.readouterr().out
