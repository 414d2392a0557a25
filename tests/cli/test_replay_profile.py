"""`replay --profile`: options from a file, no secret in it, and permissions for its own target alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.test_replay import ELSEWHERE, loopback_only, write
from replay import faulty
from replay.scripts import LOGIN, SENDING
from support.command import Command

assert loopback_only  # no test of this file connects to anything but this machine either


@pytest.fixture
def profile(tmp_path: Path):
    """Write a profile."""

    def written(text: str) -> Path:
        path = tmp_path / "lab.toml"
        path.write_text(text)
        return path

    return written


def test_target_and_options(smtptrace: Command, tmp_path: Path, profile) -> None:
    """HOST may be left out; what the command line says wins."""
    with faulty.running() as server:
        path = profile(f'target = "127.0.0.1:{server.port}"\nto = "sink@test"\nhelo = "profile.test"\n')
        arguments = ["replay", write(tmp_path, SENDING), "--profile", path]
        assert smtptrace(*arguments).code == 0
        assert b"EHLO profile.test" in server.received
        assert smtptrace(*arguments, "--helo", "own.test").code == 0
        assert b"EHLO own.test" in server.received
        assert server.received.count(b"RCPT TO:<sink@test>") == 2


def test_another_target_on_the_command_line(smtptrace: Command, tmp_path: Path, profile) -> None:
    """It wins, and what the profile permits does not hold there."""
    path = profile(f'target = "{ELSEWHERE}"\nsend = true\nallow-recipient = ["*"]\nallow-plaintext-auth = true\n')
    arguments = ["replay", "--dry-run", write(tmp_path, SENDING), "--profile", path]
    assert "needed:" not in smtptrace(*arguments).out
    assert "needed:" not in smtptrace(*arguments, f"{ELSEWHERE}:25").out
    other = smtptrace(*arguments, f"{ELSEWHERE}:587").out
    assert "only --send" in other
    assert "--allow-recipient" in other
    assert "only --send" in smtptrace(*arguments, "--against", "192.0.2.2").out
    assert "only --send" not in smtptrace(*arguments, "--against", "192.0.2.2", "--send").out


def test_the_secret_is_where_the_profile_says(smtptrace: Command, tmp_path: Path, profile, monkeypatch) -> None:
    """In a variable of its own, which is not given to another target."""
    monkeypatch.setenv("LAB_PASSWORD", "lab-secret")
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "usual-one")
    with faulty.running() as own, faulty.running() as other:
        path = profile(f'target = "127.0.0.1:{own.port}"\npassword-env = "LAB_PASSWORD"\n')
        arguments = ["replay", write(tmp_path, LOGIN), "--profile", path]
        assert smtptrace(*arguments).code == 0
        assert smtptrace(*arguments, f"127.0.0.1:{other.port}").code == 0
        assert (b"bGFiLXNlY3JldA==" in own.received, b"bGFiLXNlY3JldA==" in other.received) == (True, False)
        assert b"dXN1YWwtb25l" in other.received
        monkeypatch.delenv("LAB_PASSWORD")
        said = smtptrace(*arguments)
        assert (said.code, own.connections, "--password-env names is not set" in said.err) == (2, 1, True)


def test_a_prompt(smtptrace: Command, tmp_path: Path, profile, monkeypatch) -> None:
    """It is asked for, although the environment holds one."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "usual-one")
    monkeypatch.setattr("click.prompt", lambda *_, **__: "typed-one")
    with faulty.running() as server:
        path = profile(f'target = "127.0.0.1:{server.port}"\nprompt = true\n')
        assert smtptrace("replay", write(tmp_path, LOGIN), "--profile", path).code == 0
    assert b"dHlwZWQtb25l" in server.received


def test_files_stand_beside_the_profile(smtptrace: Command, tmp_path: Path, profile, monkeypatch) -> None:
    """A relative path is that of the profile's folder."""
    monkeypatch.chdir("/")
    path = profile('target = "127.0.0.1:25"\nca-file = "no-such.pem"\n')
    said = smtptrace("replay", write(tmp_path, SENDING), "--profile", path)
    assert (said.code, f"{tmp_path}/no-such.pem" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('password = "hunter2"', "no secret"),
        ('Token = "hunter2"', "no secret"),
        ('smtp-passwd = "hunter2"', "no secret"),
        ('api_key = "hunter2"', "no secret"),
        ('password-env = "hunter2!"', "name of a variable"),
        ('token-env = ["hunter2"]', "name of a variable"),
        ('target = "alice:hunter2@mail.example"', "without credentials"),
        ('targett = "hunter2"', "not known"),
        ('[login]\nuser = "hunter2"', "not known"),
        ("send = true", "must name: target"),
    ],
)
def test_what_a_profile_must_not_hold(smtptrace: Command, tmp_path: Path, profile, text: str, reason: str) -> None:
    """Above all no secret, which is not repeated in the message of one line."""
    said = smtptrace("replay", write(tmp_path, SENDING), "127.0.0.1:1", "--profile", profile(text))
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert reason in said.err
    assert "hunter2" not in said.err


@pytest.mark.parametrize("octets", [b"target = ", b"\xff"])
def test_what_cannot_be_read(smtptrace: Command, tmp_path: Path, octets: bytes) -> None:
    """It is said, with exit code 3."""
    path = tmp_path / "lab.toml"
    path.write_bytes(octets)
    said = smtptrace("replay", write(tmp_path, SENDING), "127.0.0.1:1", "--profile", path)
    assert (said.code, "lab.toml" in said.err) == (3, True)


def test_no_target_at_all(smtptrace: Command, tmp_path: Path, profile) -> None:
    """A profile without one needs it on the command line."""
    said = smtptrace("replay", write(tmp_path, SENDING), "--profile", profile('helo = "x.test"'))
    assert (said.code, "Missing argument" in said.err) == (2, True)


@pytest.mark.parametrize("value", ['"false"', "[1]", "0"])
def test_what_is_neither_true_nor_false(smtptrace: Command, tmp_path: Path, profile, value: str) -> None:
    """It permits nothing and is said in one line."""
    path = profile(f'target = "{ELSEWHERE}"\nsend = {value}\n')
    result = smtptrace("replay", write(tmp_path, SENDING), "--profile", path)
    assert (result.code, result.err) == (2, f"smtptrace: {path}: send is true or false\n")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('allow-recipient = "*@lab.test"', 'allow-recipient is a list of texts, such as ["*@lab.example"]'),
        ("allow-recipient = [5]", 'allow-recipient is a list of texts, such as ["*@lab.example"]'),
        ("max-messages = true", "max-messages is a whole number"),
        ("timeout = true", "timeout is a number"),
        ("to = true", "to is a text in quotes"),
        ('helo = ["a.test"]', "helo is a text in quotes"),
    ],
)
def test_a_value_of_another_kind(smtptrace: Command, tmp_path: Path, profile, line: str, what: str) -> None:
    """It is refused and never turned into something that could be meant."""
    path = profile(f'target = "{ELSEWHERE}"\n{line}\n')
    result = smtptrace("replay", write(tmp_path, SENDING), "--profile", path)
    assert (result.code, result.err) == (2, f"smtptrace: {path}: {what}\n")
