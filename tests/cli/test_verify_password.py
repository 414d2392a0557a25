"""`smtptrace verify-password`."""

from __future__ import annotations

import pytest
from support.command import Command
from support.data import reference


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of the recordings."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "Secret123!")


def _text(tmp_path, *lines: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "login.txt"
    path.write_text("".join(f"{line}\r\n" for line in ("S: 220 mail.example.com", "C: EHLO a", "S: 250 hi", *lines)))
    return path


PLAIN = ("C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyE=", "S: 535 5.7.8 no")


def test_three_facts(smtptrace: Command, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Proof, identity, the server's word, and what they mean together."""
    said = smtptrace("verify-password", _text(tmp_path, *PLAIN))
    assert said.code == 0
    assert "proof:    matches (password yes)" in said.out
    assert "identity: alice, as sent" in said.out
    assert "server:   rejected (535)" in said.out
    assert "refused all the same" in said.out
    assert "Secret123" not in said.out


def test_wrong_password(smtptrace: Command, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Exit code 1, and a hint at the case."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "secret123!")
    said = smtptrace("verify-password", _text(tmp_path, *PLAIN))
    assert (said.code, "differs" in said.out, "hint: " in said.out) == (1, True, True)


def test_variant(smtptrace: Command, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The newline that crept in is named."""
    lines = ("C: AUTH PLAIN AGFsaWNlAFNlY3JldDEyMyEK", "S: 535 5.7.8 no")
    assert "with a newline at its end" in smtptrace("verify-password", _text(tmp_path, *lines)).out


def test_no_login(smtptrace: Command, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """It is said, and the exit code is 1."""
    said = smtptrace("verify-password", _text(tmp_path, "C: QUIT", "S: 221 bye"))
    assert (said.code, "no login" in said.err) == (1, True)


def test_json_of_recordings(smtptrace: Command) -> None:
    """One object an attempt, over several files."""
    folder = reference("recordings")
    names = ("exim-curl-ntlm-ok", "postfix-gsasl-scram-sha-256-ok", "postfix-curl-gssapi-ok")
    found = smtptrace("verify-password", "--json", *(folder / f"{name}.pcapng" for name in names))
    assert found.code == 0
    objects = found.objects("verify-password")
    assert [(each["mechanism"], each["proof"]) for each in objects] == [
        ("NTLM", "matches"),
        ("SCRAM-SHA-256", "matches"),
        ("GSSAPI", "not-present"),
    ]
    assert [each["id"] for each in objects] == ["1:1", "2:1", "3:1"]
