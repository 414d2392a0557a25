"""Captures that come through a pipe: a session is told when it ends, and memory does not follow the input."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.data import CAPTURES
from support.frames import ethernet, ipv4, pcap, tcp

FIRST, SECOND = CAPTURES / "postfix-login-refused.pcapng", CAPTURES / "exim-ntlm-accepted.pcapng"
_PATIENCE_S = 60


@pytest.fixture
def listing() -> Iterator[subprocess.Popen[bytes]]:
    """`smtptrace list --json -` that waits for its input; ended where the test leaves it hanging."""
    argv = [sys.executable, "-m", "smtptrace", "list", "--json", "-"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        watchdog = threading.Timer(_PATIENCE_S, process.kill)
        watchdog.start()
        yield process
        watchdog.cancel()
        process.kill()


def test_a_session_is_told_before_the_last_packet_arrives(listing: subprocess.Popen[bytes]) -> None:
    """The first stands on standard output while the writer of the capture still holds the pipe open."""
    assert listing.stdin and listing.stdout
    listing.stdin.write(FIRST.read_bytes())
    listing.stdin.flush()
    first = json.loads(listing.stdout.readline())
    assert first["auth"][0]["outcome"] == "rejected"
    listing.stdin.write(SECOND.read_bytes())
    listing.stdin.close()
    second, source = map(json.loads, listing.stdout)
    assert second["auth"][0]["mechanism"] == "NTLM"
    assert source["sessions"] == 2


def _session(number: int) -> Iterator[bytes]:
    """A session with a message of 16 KiB between two hosts of their own, and how it ends."""
    client, server = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "192.0.2.25"
    said: list[tuple[int, bytes]] = [(1, b"220 mx ESMTP\r\n"), (0, b"HELO a\r\n"), (1, b"250 mx\r\n")]
    said += [(0, b"MAIL FROM:<a@b.test>\r\n"), (1, b"250 ok\r\n"), (0, b"RCPT TO:<c@d.test>\r\n"), (1, b"250 ok\r\n")]
    said += [(0, b"DATA\r\n"), (1, b"354 go\r\n"), *[(0, b"%07d " % number * 128 + b"\r\n")] * 16, (0, b".\r\n")]
    said += [(1, b"250 ok\r\n"), (0, b"QUIT\r\n"), (1, b"221 bye\r\n")]
    at = [1001, 5001]
    yield _frame(client, server, 0, at[0] - 1, 0, 2)
    yield _frame(client, server, 1, at[1] - 1, at[0], 18)
    for side, octets in said:
        yield _frame(client, server, side, at[side], at[1 - side], 24, octets)
        at[side] += len(octets)
    yield _frame(client, server, 0, at[0], at[1], 17)
    yield _frame(client, server, 1, at[1], at[0] + 1, 17)


def _frame(client: str, server: str, side: int, seq: int, ack: int, flags: int, octets: bytes = b"") -> bytes:
    segment = tcp(octets, seq, ack, flags)
    if side:
        return ethernet(ipv4(segment[2:4] + segment[:2] + segment[4:], hosts=(server, client)))
    return ethernet(ipv4(segment, hosts=(client, server)))


def _peak_kib(path: Path, sessions: int) -> int:
    """The most memory that a process took to list so many sessions."""
    with path.open("wb") as file:
        file.write(pcap())
        for number in range(sessions):
            file.write(pcap(*_session(number))[24:])
    code = f"""
from smtptrace.cli._main import run
assert run(["list", "--json", {str(path)!r}]) == 0
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=_PATIENCE_S * 5)
    *listed, _, peak = run.stdout.splitlines()
    assert len(listed) == sessions
    return int(peak)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell how much memory was used")
def test_memory_follows_open_sessions_not_the_file(tmp_path: Path) -> None:
    """Ten times the sessions need at most 1.2 times the memory."""
    assert _peak_kib(tmp_path / "large.pcap", 3000) <= 1.2 * _peak_kib(tmp_path / "small.pcap", 300)
