"""`smtptrace diagnose`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Command
from support.data import CAPTURES

ACCEPTED = CAPTURES / "postfix-login-accepted.pcapng"

REFUSED = """S: 220 mail.example.test ESMTP Postfix
C: EHLO a.example.test
S: 250-mail.example.test
S: 250 AUTH PLAIN
C: AUTH LOGIN c2VjcmV0LXVzZXI=
S: 535 5.7.8 Error: authentication failed: Invalid authentication mechanism
"""


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """A login with a mechanism that is not offered."""
    path = tmp_path / "refused.txt"
    path.write_text(REFUSED, encoding="utf-8")
    return path


def test_a_failure_is_explained_with_its_lines(smtptrace: Command, transcript: Path) -> None:
    """Cause, sentence, lines with their numbers, and a fix for this server."""
    said = smtptrace("diagnose", transcript)
    assert said.code == 0
    assert "1. mechanism-not-offered" in said.out
    assert "line 6: 535 5.7.8 Error" in said.out
    assert "fix: Look: postconf -n | grep sasl" in said.out
    assert "1 session read, 1 failed" in said.err


def test_what_went_well_is_not_explained(smtptrace: Command) -> None:
    """No failure, no cause."""
    said = smtptrace("diagnose", ACCEPTED)
    assert (said.code, said.out) == (0, "")
    assert "0 failed" in said.err


def test_json_holds_one_object_a_session(smtptrace: Command, transcript: Path) -> None:
    """With the places of the evidence, and when a rule of a provider was checked."""
    failed, fine = smtptrace("diagnose", "--json", transcript, ACCEPTED).objects("diagnosis")
    assert failed["causes"][0]["class"] == "mechanism-not-offered"
    assert failed["causes"][0]["evidence"][0]["file"] == str(transcript)
    assert {"confidence", "summary", "fix", "references", "as_of"} <= failed["causes"][0].keys()
    assert failed["server_flavour"] == "postfix"
    assert fine["causes"] == []


def test_a_lone_error_line_is_explained(smtptrace: Command, tmp_path: Path) -> None:
    """As people paste them."""
    path = tmp_path / "error.txt"
    path.write_text("Error: connect ECONNREFUSED 127.0.0.1:25\n", encoding="utf-8")
    (found,) = smtptrace("diagnose", "--json", path).objects("diagnosis")
    assert found["causes"][0]["class"] == "connection-refused"


def test_no_secret_stands_in_the_evidence(smtptrace: Command, tmp_path: Path) -> None:
    """Unless it was asked for."""
    path = tmp_path / "plain.txt"
    path.write_text(
        REFUSED.replace("AUTH LOGIN c2VjcmV0LXVzZXI=", "AUTH PLAIN AGEAaHVudGVyMnNlY3JldA=="), encoding="utf-8"
    )
    assert "AGEAaHVudGVyMnNlY3JldA" not in smtptrace("diagnose", "--json", path).out
    assert "AGEAaHVudGVyMnNlY3JldA" in smtptrace("diagnose", "--json", "--show-secrets", path).out
