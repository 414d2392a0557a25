"""`smtptrace list`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from support.command import Command
from support.data import CAPTURES

NTLM = CAPTURES / "exim-ntlm-accepted.pcapng"
REFUSED = CAPTURES / "postfix-login-refused.pcapng"


def test_a_session_is_a_line(smtptrace: Command) -> None:
    """Under a heading that names the zone: ends, HELO, login with its outcome, envelope, last reply."""
    said = smtptrace("list", REFUSED, "--utc")
    heading, row = said.out.splitlines()
    assert said.code == 0
    assert heading.split()[:4] == ["ID", "START", "(UTC)", "CLIENT"]
    assert "LOGIN alice-" in row
    assert "535 5.7.8" in row


def test_several_files_are_told_apart(smtptrace: Command) -> None:
    """Ids begin with the number of the file, and a column names it."""
    said = smtptrace("list", NTLM, REFUSED)
    assert said.out.splitlines()[0].endswith("FILE")
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ["1:1", "2:1"]


def test_columns_are_chosen_by_name(smtptrace: Command) -> None:
    """Only those, in that order; an unknown one is a usage error that names the choice."""
    assert smtptrace("list", NTLM, "--columns", "auth,id").out.splitlines()[1].split() == ["NTLM", "alice+", "1"]
    said = smtptrace("list", NTLM, "--columns", "auth,nonsense")
    assert said.code == 2
    assert "nonsense" in said.err


def test_json_is_a_session_and_then_a_source(smtptrace: Command) -> None:
    """One object a line, the source last, with its digest and what it holds."""
    session, source = smtptrace("list", "--json", NTLM).objects()
    assert session["schema"] == "smtptrace.session/1"
    assert [(each["verb"], each["code"]) for each in session["exchanges"]][:2] == [("EHLO", 250), ("AUTH", 235)]
    assert session["client_sha256"] is None
    assert source["schema"] == "smtptrace.source/1"
    assert source["sessions"] == 1
    assert len(source["sha256"]) == 64


def test_digests_are_given_when_asked_for(smtptrace: Command) -> None:
    """Over a clear password anyone could test guesses against them, so they are not given by default."""
    (session,) = smtptrace("list", "--json", "--digests", NTLM).objects("session")
    assert len(session["client_sha256"]) == len(session["server_sha256"]) == 64


def test_standard_input(smtptrace: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads what comes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NTLM.read_bytes())))
    assert len(smtptrace("list", "--json", "-").objects("session")) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"\x00\x01\x02" * 100, "neither"), (b"hello, world\n", "neither")],
)
def test_what_is_no_evidence_gives_one_line(smtptrace: Command, tmp_path: Path, content: bytes, reason: str) -> None:
    """Exit code 3; the line names the file."""
    path = tmp_path / "junk"
    path.write_bytes(content)
    said = smtptrace("list", path)
    assert said.code == 3
    assert said.err.count("\n") == 1
    assert str(path) in said.err
    assert reason in said.err


def test_a_missing_file_and_a_folder_give_one_line(smtptrace: Command, tmp_path: Path) -> None:
    """Exit code 3 with the system's reason."""
    for path in (tmp_path / "nowhere", tmp_path):
        said = smtptrace("list", path)
        assert said.code == 3
        assert said.err.startswith(f"smtptrace: {path}: ")


def test_a_cut_file_gives_what_came_before_and_a_warning(smtptrace: Command, tmp_path: Path) -> None:
    """The sessions so far, then one line, then exit code 3."""
    path = tmp_path / "cut.pcapng"
    path.write_bytes(NTLM.read_bytes()[:-700])
    said = smtptrace("list", "--json", path)
    assert said.code == 3
    assert len(said.objects("session")) == 1
    assert str(path) in said.err


def test_a_filter_that_finds_nothing_says_on_what_ground(smtptrace: Command) -> None:
    """Not seen in how many readable sessions, and what cannot be excluded."""
    said = smtptrace("list", NTLM, "--user", "mallory")
    assert said.out == ""
    assert "not seen in 1 readable session" in said.err


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("--user", "ALICE", 1),
        ("--port", "2525", 1),
        ("--port", "25", 0),
        ("--host", "127.0.0.0/8", 1),
        ("--host", "192.0.2.1", 0),
        ("--only", "auth-accepted", 1),
        ("--only", "auth-failed", 0),
        ("--since", "2020-01-01", 1),
        ("--until", "2020-01-01T00:00:00Z", 0),
        ("-s", "1", 1),
        ("-s", "999", 0),
    ],
)
def test_selection(smtptrace: Command, option: str, value: str, found: int) -> None:
    """One small filter for every reading command."""
    assert len(smtptrace("list", "--json", NTLM, option, value).objects("session")) == found


def test_a_clock_offset_moves_times_and_is_stated(smtptrace: Command) -> None:
    """The original time is the shown one less the offset, which stands in the output."""
    (plain,) = smtptrace("list", "--json", NTLM).objects("session")
    session, source = smtptrace("list", "--json", NTLM, "--clock-offset", f"{NTLM}=3600").objects()
    assert source["clock_offset_s"] == 3600
    assert session["start"][11:13] == f"{(int(plain['start'][11:13]) + 1) % 24:02}"


def test_a_manifest_tells_what_was_read(smtptrace: Command, tmp_path: Path) -> None:
    """Version, options, digests; it is never overwritten, and its reader is its owner."""
    import json

    path = tmp_path / "manifest.json"
    assert smtptrace("list", NTLM, "--manifest", path).code == 0
    (entry,) = json.loads(path.read_text())["inputs"]
    assert entry["path"] == str(NTLM)
    assert entry["unchanged"] is True
    assert path.stat().st_mode & 0o077 == 0
    assert smtptrace("list", NTLM, "--manifest", path).code == 2
