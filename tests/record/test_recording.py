"""The file that a relay writes, and what happens when it cannot."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import time

import pytest

from smtptrace.errors import UsageError
from smtptrace.record import recording as module
from smtptrace.record.recording import Recording
from smtptrace.trace import read
from smtptrace.wire import Close, Closing, Connection, Endpoint, Octets, Open, Opening, Origin, Side

CONNECTION = Connection(Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 25), Origin("proxy", "proxy"))
OPEN = Open(Opening.SYN_SEEN, 1)
GREETING = Octets(Side.SERVER, b"220 mx ESMTP\r\n", 2)
HELLO = Octets(Side.CLIENT, b"EHLO app\r\n", 3)


class Told(list[str]):
    """What was said loudly."""

    def __call__(self, text: str) -> None:
        self.append(text)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.pcapng"


def test_everything_is_there_at_once(path, told):
    """After each event, without being closed; for the user alone."""
    found = Recording(path, told)
    track = found.begin(CONNECTION)
    track.feed(OPEN, GREETING)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (trace,) = read(str(path))
    assert trace.session.greeting
    track.remark("for people")
    track.feed(HELLO, Close(Side.SERVER, Closing.FIN, 4))
    assert b"for people" in path.read_bytes()
    track.finish()
    assert found.size == path.stat().st_size
    found.close()
    (trace,) = read(str(path))
    assert [each.command.verb for each in trace.session.exchanges] == ["EHLO"]
    assert not told


def test_a_file_is_never_overwritten(path, told):
    """One that exists is left alone."""
    path.touch()
    with pytest.raises(UsageError, match="exists already"):
        Recording(path, told)


def full(monkeypatch, after: int) -> None:
    """A disk that takes so many more octets, the last write in part."""
    left = [after]
    write = os.write

    def limited(fd: int, octets: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(fd, octets[: left[0]])
        left[0] -= done
        return done

    monkeypatch.setattr(module.os, "write", limited)


def test_a_full_disk_is_told_once(path, told, monkeypatch):
    """What is whole is kept, nothing more is tried, and nothing is raised."""
    found = Recording(path, told)
    track = found.begin(CONNECTION)
    track.feed(OPEN, GREETING)
    whole = path.read_bytes()
    full(monkeypatch, 50)
    track.feed(HELLO)
    track.feed(HELLO)
    other = found.begin(CONNECTION)
    other.feed(OPEN)
    other.remark("nobody hears it")
    other.finish()
    track.finish()
    asyncio.run(found.settle())
    found.close()
    assert path.read_bytes() == whole
    assert len(told) == 1
    assert "RECORDING HAS STOPPED" in told[0] and "No space left" in told[0]


def test_a_write_in_parts(path, told, monkeypatch):
    """The system may take less than it is given."""
    write = os.write
    monkeypatch.setattr(module.os, "write", lambda fd, octets: write(fd, octets[:7]))
    found = Recording(path, told)
    found.begin(CONNECTION).feed(OPEN, GREETING, HELLO)
    found.close()
    (trace,) = read(str(path))
    assert len(trace.session.exchanges) == 1


def test_whatever_is_wrong_with_the_recorder(path, told, monkeypatch):
    """A fault of ours is told in the same way."""
    found = Recording(path, told)
    track = found.begin(CONNECTION)
    track.feed(OPEN)
    monkeypatch.setattr(module.pcapng.Course, "feed", lambda *_: 1 / 0)
    track.feed(GREETING)
    found.close()
    assert found.failed and "ZeroDivisionError" in told[0]


def test_many_wait_for_one_writing(path, told, monkeypatch):
    """Those that come while the disk is busy share the next one."""
    count = []

    def slow(fd: int) -> None:
        count.append(fd)
        time.sleep(0.02)

    monkeypatch.setattr(module.os, "fsync", slow)
    found = Recording(path, told)

    async def wait() -> None:
        await asyncio.gather(*(found.settle() for _ in range(50)))
        await found.settle()

    asyncio.run(wait())
    assert len(count) == 2
    found.close()


def test_a_disk_that_fails(path, told, monkeypatch):
    """Is told once, and never waited for again."""
    found = Recording(path, told)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(module.os, "fsync", broken)
    asyncio.run(found.settle())
    asyncio.run(found.settle())
    found.close()
    assert len(told) == 1
    assert "Input/output error" in told[0]


def test_a_disk_that_hangs(path, told, monkeypatch):
    """Replies wait for a while, then no longer; once it answers they wait again."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.02)
    monkeypatch.setattr(module.os, "fsync", lambda _: time.sleep(0.2))
    found = Recording(path, told)

    async def wait() -> None:
        for _ in range(3):
            await found.settle()
        assert len(told) == 1
        monkeypatch.setattr(module.os, "fsync", lambda _: None)
        await asyncio.sleep(0.5)
        await found.settle()
        assert not found._is_slow

    asyncio.run(wait())
    assert "no longer wait" in told[0]
    found.close()


def test_fast_writes_after_a_while(path, told, monkeypatch):
    """Within its interval, or when much has come; it waits for no disk."""
    monkeypatch.setattr(module, "INTERVAL_S", 0.05)
    monkeypatch.setattr(module, "MOST_UNWRITTEN", 5000)
    monkeypatch.setattr(module.os, "fsync", lambda _: 1 / 0)

    async def record() -> None:
        found = Recording(path, told, fast=True)
        begun = path.stat().st_size
        track = found.begin(CONNECTION)
        track.feed(OPEN, GREETING)
        await found.settle()
        assert path.stat().st_size == begun
        await asyncio.sleep(0.2)
        assert (size := path.stat().st_size) > begun
        track.feed(Octets(Side.CLIENT, bytes(10_000), 4))
        assert path.stat().st_size > size + 10_000
        track.feed(HELLO)
        monkeypatch.setattr(module.os, "fsync", lambda _: None)
        found.close()

    asyncio.run(record())
    assert not told
    assert list(read(str(path)))
