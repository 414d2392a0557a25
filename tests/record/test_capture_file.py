"""Files of captured packets: what went in comes out, in several files if asked for, and a full disk is told once."""

from __future__ import annotations

import errno
import io
import stat
from pathlib import Path

import pytest
from support.live import CLOSED, packets
from support.packets import blocks, tshark

from smtptrace.errors import UsageError
from smtptrace.record.capture_file import CaptureFile, Rotation, rotation, seconds
from smtptrace.sources import SourceReport, capfile

NEVER = Rotation()
DIALOGUE = f"S: 220 hi\nC: EHLO a\nS: 250 ok\nC: QUIT\nS: 221 bye{CLOSED}"


def read(path: Path) -> tuple[list[tuple[int, int, int, bytes, int]], SourceReport]:
    """(frame, time, link, octets, wire) of each packet of a file, and what the file says of itself."""
    report = SourceReport()
    with path.open("rb") as stream:
        found = [(p[0], p[1], p[2], p[3][p[4] : p[5]], p[6]) for p in capfile.packets(stream, report)]
    return found, report


def made(path: Path, when: Rotation = NEVER, keep: int | None = None) -> tuple[CaptureFile, list[str]]:
    """A file about to be written, and what it complains of."""
    said: list[str] = []
    return CaptureFile(path, ("lo", "tcp port 25"), when, keep, said.append), said


def test_packets_are_kept_as_they_were_captured(tmp_path):
    """Octets, times and lengths, with the interface, its filter and the losses; nobody else may read it."""
    path = tmp_path / "mail.pcapng"
    given = packets(DIALOGUE)
    file, said = made(path)
    for packet in given:
        file.put(packet)
    file.finish({"interface": 0, "system": 3})
    file.finish({})
    found, report = read(path)
    assert found == [(p[0], p[1], p[2], p[3][p[4] : p[5]], p[6]) for p in given]
    assert report.drops == {"lo: dropped by the interface": 0, "lo: dropped by the system": 3}
    assert report.damage is None
    assert b"tcp port 25" in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert file.octets == path.stat().st_size
    assert not said


def test_other_readers_take_it(tmp_path):
    """tshark sees the same packets and the dialogue in them."""
    file, _ = made(tmp_path / "mail.pcapng")
    given = packets(DIALOGUE)
    for packet in given:
        file.put(packet)
    file.finish({})
    assert tshark(tmp_path / "mail.pcapng").count("\n") == len(given)
    assert "EHLO" in tshark(tmp_path / "mail.pcapng", "-d", "tcp.port==25,smtp", "-Y", "smtp.req.command")


def test_a_packet_cut_short_and_one_of_another_link_keep_what_they_are(tmp_path):
    """Each link type has an interface of its own, a packet the length it had on the wire."""
    file, _ = made(tmp_path / "a.pcapng")
    file.put((1, 10**18, 1, b"xxabcdexx", 2, 7, 1500))
    file.put((2, 10**18 + 1, 101, b"fghij", 0, 5, 5))
    file.put((3, 10**18 + 2, 1, b"klmno", 0, 5, 5))
    file.finish({})
    found, report = read(tmp_path / "a.pcapng")
    assert [each[2:] for each in found] == [(1, b"abcde", 1500), (101, b"fghij", 5), (1, b"klmno", 5)]
    assert report.linktypes == {1, 101}


def test_each_packet_is_on_its_way_to_the_disk_at_once(tmp_path):
    """Nothing waits in memory: whatever kills us, what was captured is there, whole blocks only."""
    path = tmp_path / "mail.pcapng"
    file, _ = made(path)
    for count, packet in enumerate(packets(DIALOGUE), 1):
        file.put(packet)
        kinds = [kind for kind, _ in blocks(path.read_bytes())]
        assert kinds.count(6) == count
        assert sum(len(body) + 12 for _, body in blocks(path.read_bytes())) == path.stat().st_size
    file.finish({})


def test_a_file_that_exists_is_not_overwritten(tmp_path):
    """It is said before anything is captured."""
    path = tmp_path / "mail.pcapng"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        made(path)
    assert path.read_bytes() == b"mine"


def test_files_follow_each_other_by_size(tmp_path):
    """Each is whole by itself, none much larger than asked for, and together they hold every packet in order."""
    given = packets(*[DIALOGUE] * 60)
    file, said = made(tmp_path / "mail.pcapng", rotation(("10KB",)))
    for packet in given:
        file.put(packet)
    file.finish({})
    files = sorted(tmp_path.iterdir())
    assert len(files) == file.files > 3
    assert files == list(file.written)
    assert all(path.stat().st_size < 10_000 + 200 for path in files)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    found = [each[1:] for path in files for each in read(path)[0]]
    assert found == [(p[1], p[2], p[3][p[4] : p[5]], p[6]) for p in given]
    assert not said


def test_files_follow_each_other_by_time(tmp_path):
    """A packet that comes after the hour begins a new file, named by its time; an empty one is never left behind."""
    file, _ = made(tmp_path / "mail.pcapng", rotation(("1h",)))
    hour = 3600 * 10**9
    start = 1_767_323_045 * 10**9
    file._since_ns = start
    for at in (0, 1, hour - 1, hour, hour + 1, 3 * hour):
        file.put((1, start + at, 1, b"abcd", 0, 4, 4))
    file.finish({})
    files = sorted(tmp_path.iterdir())
    assert [len(read(path)[0]) for path in files] == [3, 2, 1]
    assert [path.name[:11] for path in files] == ["mail-00001-", "mail-00002-", "mail-00003-"]
    assert files[1].name == "mail-00002-20260102T040405Z.pcapng"


def test_the_oldest_files_are_removed(tmp_path):
    """Never more than asked for; files that are none of ours stay."""
    other = tmp_path / "mail-00000-mine.pcapng"
    other.write_bytes(b"mine")
    file, said = made(tmp_path / "mail.pcapng", rotation(("10KB",)), keep=2)
    for packet in packets(*[DIALOGUE] * 60):
        file.put(packet)
        assert len(list(tmp_path.iterdir())) <= 3
    file.finish({})
    assert sorted(tmp_path.iterdir()) == sorted([other, *file.written])
    assert (len(file.written), said) == (2, [])


def test_a_file_that_cannot_be_removed_is_told(tmp_path):
    """And the writing goes on."""
    file, said = made(tmp_path / "mail.pcapng", rotation(("10KB",)), keep=1)
    first = file.written[0]
    first.unlink()
    first.mkdir()
    for packet in packets(*[DIALOGUE] * 30):
        file.put(packet)
    file.finish({})
    assert not file.stopped
    assert "cannot be removed" in said[0]


class Full(io.RawIOBase):
    """A disk with so much room: a write may come through in part, as on a real one."""

    def __init__(self, path: Path, room: int) -> None:
        self._file = path.open("r+b", buffering=0)
        self._file.seek(0, 2)
        self._room = room

    def write(self, block: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = block[: self._room]
        self._room -= len(part)
        return self._file.write(part) or 0

    def truncate(self, size: int | None = None) -> int:
        return self._file.truncate(size)

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.mark.parametrize("room", [0, 1, 150, 260])
def test_a_full_disk_is_told_once_and_leaves_whole_blocks(tmp_path, room):
    """Whether the last block fits in part or not at all."""
    path = tmp_path / "mail.pcapng"
    file, said = made(path)
    file._raw.close()
    file._raw = Full(path, room)
    for packet in packets(DIALOGUE):
        file.put(packet)
    file.finish({})
    assert file.stopped == "no space left on device"
    (line,) = said
    assert "RECORDING STOPPED" in line
    assert "watching goes on" in line
    assert read(path)[1].damage in (None, "the file is empty")
    assert sum(len(body) + 12 for _, body in blocks(path.read_bytes())) == path.stat().st_size


def test_a_disk_that_is_full_at_the_very_end_is_told_too(tmp_path):
    """When the losses are written."""
    path = tmp_path / "mail.pcapng"
    file, said = made(path)
    file.put(packets(DIALOGUE)[0])
    file._raw.close()
    file._raw = Full(path, 0)
    file.finish({"system": 1})
    assert len(said) == 1


def test_a_name_that_is_taken_when_the_file_is_changed_stops_the_writing(tmp_path):
    """Nothing is overwritten then either."""
    file, said = made(tmp_path / "mail.pcapng", rotation(("10KB",)))
    given = packets(DIALOGUE)[0]
    file.put(given)
    file._size = 10_000
    file._name(given[1])
    file.files += 1
    taken = file._name(given[1])
    file.files -= 1
    taken.write_bytes(b"mine")
    file.put(given)
    assert "exists already" in said[0]
    assert taken.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (("100MB",), Rotation(100_000_000, None)),
        (("1h",), Rotation(None, 3600 * 10**9)),
        (("1GiB", "15m"), Rotation(2**30, 900 * 10**9)),
        (("20kb,1d",), Rotation(20_000, 86_400 * 10**9)),
        ((), Rotation()),
    ],
)
def test_sizes_and_times(texts, meant):
    """As people write them."""
    assert rotation(texts) == meant
    assert bool(meant) == bool(texts)


@pytest.mark.parametrize("text", ["", "100", "MB", "1 week", "-1h", "0s", "5KB", "1TB", "１h", "99999999999h"])
def test_what_is_no_size_or_time(text):
    """It is said in one line."""
    with pytest.raises(UsageError):
        rotation((text,))


def test_how_long():
    """Seconds where no unit stands."""
    assert [seconds(text) for text in ("90", "90s", "2m", "1h")] == [90, 90, 120, 3600]
    for text in ("1MB", "soon", "0"):
        with pytest.raises(UsageError):
            seconds(text)
