"""The relay under load, killed, and on a full disk: nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from support import load, sink
from support.proxying import proxying

from smtptrace.certificates import new_authority
from smtptrace.errors import UnreadableError
from smtptrace.net import server_context
from smtptrace.record.authority import LEAF, LIFE
from smtptrace.trace import read

pytestmark = pytest.mark.slow

SEED = 8


def recorded(path: Path) -> list[str]:
    """The digests of the messages that a recording tells to have been accepted, whole as it is or cut."""
    found = []
    try:
        for trace in read(str(path)):
            taken = (each for each in trace.session.transactions if each.outcome.value == "accepted")
            found += [each.content.sha256 for each in taken if each.content and each.content.sha256]
    except UnreadableError as damage:
        assert "cut off" in str(damage)
    return found


def peak_mb(pid: int) -> float:
    """The most memory a process has had."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "starttls"])
def test_fifty_at_once(tmp_path, tls):
    """1,000 messages of 50 KB over 50 connections at once: all delivered and recorded, in bounded memory."""
    count = 300 if tls else 1000
    authority = new_authority("upstream", LIFE)
    (tmp_path / "upstream.pem").write_bytes(authority.certificate)
    context = server_context(authority.issue(("localhost", "127.0.0.1"), LEAF))
    with (
        sink.running(context if tls else None) as server,
        proxying(tmp_path, f"127.0.0.1:{server.port}", "--ca-file", tmp_path / "upstream.pem") as relay,
    ):
        trusting = ssl.create_default_context(cafile=str(relay.authority)) if tls else None
        outcome = load.deliver(relay.port, count, 50_000, 50, trusting)
        memory = peak_mb(relay.process.pid)
    assert outcome.problems == []
    assert len(outcome.acknowledged) == count
    assert sorted(server.digests) == sorted(outcome.acknowledged) == sorted(recorded(relay.recording))
    assert memory < 128
    assert [each["problem"] for each in relay.reports()] == [None] * count


def test_killed_at_any_moment(tmp_path):
    """A hundred times: the file opens, and no message that a client was told to be accepted is missing from it."""
    chance = random.Random(SEED)
    lost: list[tuple[int, str]] = []
    seen = 0
    with sink.running() as server:
        for turn in range(100):
            folder = tmp_path / str(turn)
            folder.mkdir()
            with proxying(folder, f"127.0.0.1:{server.port}", "--ca-folder", tmp_path / "ca") as relay:
                outcome = killed(relay.process.pid, relay.port, chance.uniform(0.02, 0.25))
            kept = set(recorded(relay.recording))
            seen += len(outcome.acknowledged)
            lost += [(turn, digest) for digest in outcome.acknowledged if digest not in kept]
            shutil.rmtree(folder)
    assert lost == []
    assert seen > 100, "the relay was killed before it did anything"


def killed(pid: int, port: int, after_s: float) -> load.Outcome:
    """Deliver messages until the relay is killed."""
    kill = threading.Timer(after_s, os.kill, (pid, signal.SIGKILL))
    kill.start()
    outcome = load.deliver(port, 400, 3000, 10)
    kill.join()
    return outcome


def full_disk(folder: Path) -> tuple[str, ...]:
    """Words that run a command where the folder is a file system of 1 MiB of its own; skips where that cannot be."""
    words = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size=1m none "{folder}" && exec "$@"', "sh")
    if os.geteuid() or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    return words


def test_a_full_disk(tmp_path):
    """With 1 MiB for the recording, 100 of 100 sessions pass; what was recorded before is whole."""
    disk = tmp_path / "disk"
    disk.mkdir()
    wrapper = full_disk(disk)
    with sink.running() as server:
        options = ("-w", disk / "run.pcapng")
        with proxying(tmp_path, f"127.0.0.1:{server.port}", *options, wrapper=wrapper) as relay:
            outcome = load.deliver(relay.port, 100, 50_000, 20)
            within = Path(f"/proc/{relay.process.pid}/root", *disk.parts[1:])
            shutil.copy(within / "run.pcapng", tmp_path / "copy.pcapng")
    assert outcome.problems == []
    assert sorted(server.digests) == sorted(outcome.acknowledged)
    assert len(outcome.acknowledged) == 100
    assert relay.err.count("RECORDING HAS STOPPED") == 1
    assert relay.code == 4
    kept = list(read(str(tmp_path / "copy.pcapng")))
    assert 0 < len(kept) < 100
    assert (tmp_path / "copy.pcapng").stat().st_size <= 1024 * 1024


def test_a_full_disk_ends_a_relay_that_is_to_fail_closed(tmp_path):
    """What is not recorded is not relayed: the server took nothing that the recording does not have."""
    disk = tmp_path / "disk"
    disk.mkdir()
    wrapper = full_disk(disk)
    with sink.running() as server:
        options = ("-w", disk / "run.pcapng", "--fail-closed")
        with proxying(tmp_path, f"127.0.0.1:{server.port}", *options, wrapper=wrapper) as relay:
            outcome = load.deliver(relay.port, 100, 50_000, 5)
            until = time.monotonic() + 20
            while relay.process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
    assert outcome.problems
    assert 0 < len(outcome.acknowledged) <= len(server.digests) < 100
    assert relay.code == 4
