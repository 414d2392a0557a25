"""`smtptrace extract`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from support.command import Command
from support.data import CAPTURES

BULK = CAPTURES / "postfix-bulk-mail.pcapng"


def test_messages_are_written_as_the_server_took_them(smtptrace: Command, tmp_path: Path) -> None:
    """The digest of the file is the digest of the session, in sidecar and manifest alike."""
    folder = tmp_path / "out"
    sessions = smtptrace("list", "--json", BULK).objects("session")
    wanted = [each["sha256"] for session in sessions for each in session["transactions"] if each["complete"]]
    assert smtptrace("extract", BULK, "-o", folder).code == 0
    files = sorted(folder.glob("*.eml"))
    assert sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files) == sorted(wanted)
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert sorted(row["sha256"] for row in rows) == sorted(wanted)
    assert all(json.loads(Path(f"{file}.json").read_text())["complete"] for file in files)


def test_files_are_private_and_never_overwritten(smtptrace: Command, tmp_path: Path) -> None:
    """Mode 0600 in a folder of mode 0700; a second run into the same folder is refused."""
    folder = tmp_path / "out"
    smtptrace("extract", BULK, "-o", folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    again = smtptrace("extract", BULK, "-o", folder)
    assert again.code == 2
    assert "not overwritten" in again.err


def test_an_incomplete_message_is_marked(smtptrace: Command, tmp_path: Path) -> None:
    """A capture cut within the content gives a file that says so in its name and where octets are missing."""
    cut = tmp_path / "cut.pcapng"
    whole = (CAPTURES / "exim-ntlm-accepted.pcapng").read_bytes()
    cut.write_bytes(whole[: whole.find(b"\r\n.\r\n")])
    folder = tmp_path / "out"
    smtptrace("extract", cut, "-o", folder)
    for file in folder.glob("*.eml"):
        assert "-incomplete" in file.name
        assert json.loads(Path(f"{file}.json").read_text())["sha256"] is None
