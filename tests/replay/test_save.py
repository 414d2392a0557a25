"""A run is kept in a form that every command reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.dialogue import connection, streams

from smtptrace.errors import UsageError
from smtptrace.replay.save import checked, saver, saving
from smtptrace.trace import Options, read

TALK = connection("S: 220 hi\nC: EHLO a\nS: 250 hi\nC: QUIT\nS: 221 bye\n-- close C fin")


@pytest.mark.parametrize("name", ["run.pcapng", "run.smtp"])
def test_it_can_be_read_again(tmp_path: Path, name: str):
    """Each connection as a session with the same octets."""
    path = tmp_path / name
    with path.open("wb") as stream:
        save = saver(checked(path), stream)
        save(TALK)
        save(TALK)
    found = [streams(trace.session.connection.events) for trace in read(str(path), Options(keep_events=True))]
    assert found == [streams(TALK.events)] * 2


def test_other_forms_are_not_known():
    """The name tells the form."""
    with pytest.raises(UsageError, match=r"\.pcapng or \.smtp"):
        checked(Path("run.txt"))


def test_a_file_of_its_own(tmp_path: Path):
    """It is private, there while nothing is kept yet, and gone where nothing was."""
    path = tmp_path / "run.smtp"
    with saving(path) as save:
        assert path.stat().st_mode & 0o777 == 0o600
        save(TALK)
    assert list(read(str(path)))
    path.unlink()
    with saving(path):
        assert path.exists()
    assert not path.exists()
    with saving(None) as save:
        save(TALK)
