"""`smtptrace check`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Command
from support.data import CAPTURES

LOGIN = CAPTURES / "postfix-login-accepted.pcapng"

ATTEMPT = """S: 220 mail.example.test ESMTP
C: EHLO a.example.test
S: 250-mail.example.test
S: 250 AUTH PLAIN
C: AUTH PLAIN {}
S: 535 5.7.8 no
C: QUIT
S: 221 bye

"""
SECRETS = ("AGFsaWNlAG9uZTEyMzQ1", "AGFsaWNlAHR3bzEyMzQ1", "AGFsaWNlAHRocmVlMTIz")


@pytest.fixture
def guesses(tmp_path: Path) -> list[Path]:
    """Three logins of one user with three passwords."""
    paths = []
    for number, secret in enumerate(SECRETS):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_text(ATTEMPT.format(secret), encoding="utf-8")
    return paths


def test_a_finding_says_what_where_and_what_to_do(smtptrace: Command) -> None:
    """Severity, rule, evidence, harmless readings, advice, references; and no secret."""
    said = smtptrace("check", LOGIN)
    assert said.code == 0
    assert said.out.startswith("high     cleartext-credentials  session ")
    assert "may be: " in said.out and "do: " in said.out and "CWE-319" in said.out


def test_fail_on_sets_the_exit_code(smtptrace: Command) -> None:
    """1 where something of that severity was found, whatever is shown."""
    assert smtptrace("check", "--fail-on", "high", LOGIN).code == 1
    assert smtptrace("check", "--fail-on", "critical", LOGIN).code == 0
    assert smtptrace("check", "--fail-on", "high", "--min-severity", "critical", LOGIN).code == 1


def test_json_holds_one_object_a_finding(smtptrace: Command) -> None:
    """As in the session's own list, with the session's id."""
    found = smtptrace("check", "--json", "--min-severity", "info", LOGIN).objects("finding")
    first = found[0]
    assert (first["rule"], first["severity"], first["basis"]) == ("cleartext-credentials", "high", "observed")
    assert first["id"] and first["evidence"][0]["file"] == str(LOGIN)


def test_sessions_are_judged_together(smtptrace: Command, guesses: list[Path]) -> None:
    """Over several files, with thresholds that can be set."""
    few = ["--threshold", "password-guessing.failures=3", "--threshold", "password-guessing.secrets=3"]
    told = [each for each in smtptrace("check", "--json", *few, *guesses).objects("finding") if each["id"] is None]
    assert [each["rule"] for each in told] == ["password-guessing"]
    assert {each["file"] for each in told[0]["evidence"]} == set(map(str, guesses))
    assert not [each for each in smtptrace("check", "--json", *guesses).objects("finding") if each["id"] is None]


def test_an_unknown_threshold_is_named(smtptrace: Command) -> None:
    """With those there are."""
    said = smtptrace("check", "--threshold", "guessing=1", LOGIN)
    assert said.code == 2
    assert "password-guessing.failures" in said.err


def test_the_inventory_is_a_table(smtptrace: Command, guesses: list[Path]) -> None:
    """Who uses the server how, and what old ways it depends on."""
    said = smtptrace("check", "--inventory", LOGIN, *guesses)
    assert said.out.split()[:4] == ["client", "helo", "user", "mechanism"]
    assert "basic-auth" in said.out
    (use, *_) = smtptrace("check", "--inventory", "--json", LOGIN).objects("inventory")
    assert (use["logins"], use["breaks"]) == (1, ["basic-auth"])
