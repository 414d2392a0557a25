"""`smtptrace encode`."""

from __future__ import annotations

import os

import pytest
from support.command import Command

from smtptrace.auth import decode_token


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret stands in the environment."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim")
    monkeypatch.setenv("SMTPTRACE_TOKEN", "ya29.t0ken")


def test_login(smtptrace: Command) -> None:
    """Three lines to type, or two with the name on the first."""
    assert smtptrace("encode", "login", "--user", "alice").out.split("\n")[:-1] == [
        "AUTH LOGIN",
        "YWxpY2U=",
        "Z2VoZWlt",
    ]
    assert smtptrace("encode", "login", "--user", "alice", "--initial-response").out.split("\n")[:-1] == [
        "AUTH LOGIN YWxpY2U=",
        "Z2VoZWlt",
    ]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("plain", "--user", "alice", "--authzid", "boss"), "PLAIN response"),
        (("XOAUTH2", "--user", "alice@example.com"), "XOAUTH2 response"),
        (("oauthbearer", "--user", "alice@example.com", "--host", "mail.example.com"), "OAUTHBEARER response"),
    ],
)
def test_one_line_mechanisms(smtptrace: Command, arguments: tuple[str, ...], kind: str) -> None:
    """What is made is what is decoded."""
    (line,) = smtptrace("encode", *arguments).out.splitlines()
    assert (decode_token(line).kind, decode_token(line).problems) == (kind, ())


def test_external(smtptrace: Command) -> None:
    """`=` where nothing is said."""
    assert smtptrace("encode", "external").out == "AUTH EXTERNAL =\n"


def test_secret_from_a_descriptor(smtptrace: Command) -> None:
    """The first line of it, without its end."""
    reading, writing = os.pipe()
    os.write(writing, b"anders\r\nnot this\n")
    os.close(writing)
    said = smtptrace("encode", "login", "--user", "alice", "--password-fd", reading)
    os.close(reading)
    assert said.out.splitlines()[-1] == "YW5kZXJz"


def test_descriptor_that_is_none(smtptrace: Command) -> None:
    """One line says so."""
    said = smtptrace("encode", "login", "--user", "alice", "--password-fd", 987)
    assert (said.code, "--password-fd 987" in said.err) == (2, True)


def test_prompts(smtptrace: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name and password are asked for; without a terminal it is said what else would do."""
    import click

    monkeypatch.delenv("SMTPTRACE_PASSWORD")
    answers = iter(("alice", "geheim"))
    monkeypatch.setattr(click, "prompt", lambda *_args, **_options: next(answers))
    assert smtptrace("encode", "login").out.splitlines()[1:] == ["YWxpY2U=", "Z2VoZWlt"]

    def nobody(*_args: object, **_options: object) -> str:
        raise click.Abort

    monkeypatch.setattr(click, "prompt", nobody)
    said = smtptrace("encode", "login", "--user", "alice")
    assert (said.code, "SMTPTRACE_PASSWORD" in said.err) == (2, True)
