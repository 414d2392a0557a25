"""`replay` of many sessions, at once where they overlapped, and of clients behind a proxy."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.test_replay import loopback_only, write
from lab import scripted
from replay import faulty
from replay.scripts import SENDING
from support.command import Command

assert loopback_only  # no test of this file connects to anything but this machine either

SHORT = "S: 220 hi\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n"


def at(seconds: int, text: str, until: int) -> str:
    """The session with the times of its beginning and its end."""
    head, _, last = text.rstrip("\n").rpartition("\n")
    stamps = [f"# time: 2026-01-02T03:04:{second:02}Z\n" for second in (seconds, until)]
    return f"# client: 10.0.0.{seconds}:40000\n{stamps[0]}{head}\n{stamps[1]}{last}\n"


class Meeting:
    """A server that answers NOOP when two clients are there, or after a while."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2)
        self.met: list[bool] = []

    def behave(self, conn: socket.socket) -> None:
        """One session."""
        with conn.makefile("rb") as lines:
            conn.sendall(b"220 hi\r\n")
            while line := lines.readline():
                if line.startswith(b"NOOP"):
                    self._meet()
                conn.sendall(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")

    def _meet(self) -> None:
        try:
            self.barrier.wait(1)
            self.met.append(True)
        except threading.BrokenBarrierError:
            self.met.append(False)


@pytest.mark.parametrize(
    ("second", "options", "met"),
    [(2, [], True), (9, [], False), (2, ["--serial"], False), (2, ["--at-once", "1"], False)],
)
def test_overlaps_are_kept(smtptrace: Command, tmp_path: Path, second: int, options: list[str], met: bool) -> None:
    """Two sessions meet at the server if they did in the recording, unless they are wanted one by one."""
    path = write(tmp_path, at(1, SHORT, 5), at(second, SHORT, 15))
    meeting = Meeting()
    with scripted.running(meeting.behave) as server:
        said = smtptrace("replay", "--all", path, f"127.0.0.1:{server.port}", "--json", *options)
    assert said.code == 0, said
    assert [each["verdict"] for each in said.objects("replay")] == ["same", "same"]
    assert set(meeting.met) == {met}


def test_a_session_that_cannot_be_played(smtptrace: Command, tmp_path: Path) -> None:
    """Among others it is named with its reason, everywhere; alone it is an error."""
    text = "S: 554 go away\n"
    report = tmp_path / "run.xml"
    with faulty.running() as server:
        target = f"127.0.0.1:{server.port}"
        path = write(tmp_path, SENDING, text)
        said = smtptrace("replay", "--all", path, target, "--junit", report)
        assert (said.code, "holds no command" in said.out, "is not played" in said.err) == (0, True, True)
        left = smtptrace("replay", "--all", path, target, "--json").objects("replay")[1]
        assert (left["verdict"], "no command" in left["reason"]) == ("not-played", True)
        assert "no command" in smtptrace("replay", "--all", "--dry-run", path, target).out
        assert smtptrace("replay", write(tmp_path, text), target).code == 2
        assert smtptrace("replay", "--all", write(tmp_path, text, text), target).code == 2
        assert server.connections == 2
    assert ElementTree.parse(report).getroot()[1].get("skipped") == "1"


def test_the_table(smtptrace: Command, tmp_path: Path) -> None:
    """A row a session with its first difference, and how many came to what; only those that differ are shown whole."""
    path = write(tmp_path, SENDING, SENDING.replace("RCPT TO:<c@d>", "RCPT TO:<x@y>"))
    with faulty.running(RCPT="550 5.1.1 no") as server:
        said = smtptrace("replay", "--all", path, f"127.0.0.1:{server.port}")
    lines = said.out.splitlines()
    assert said.code == 1
    assert sum(line.startswith("session ") for line in lines) == 3
    assert "4 RCPT: 250 is now 550" in lines[-2]
    assert lines[-1] == "2 different"


@pytest.mark.parametrize(
    ("version", "head"), [("v1", b"PROXY TCP4 10.0.0.1 "), ("v2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11")]
)
def test_a_proxy_header(smtptrace: Command, tmp_path: Path, version: str, head: bytes) -> None:
    """It goes out before the greeting, with the recorded client or the one that is given, and is kept."""
    path, saved = write(tmp_path, at(1, SHORT.replace("NOOP", "EHLO a"), 5)), tmp_path / "run.pcapng"
    heard: list[bytes] = []

    def behave(conn: socket.socket) -> None:
        heard.append(conn.recv(16, socket.MSG_WAITALL))
        conn.recv(100)
        scripted.replies("220 hi", "250 ok", "221 bye")(conn)

    with scripted.running(behave) as server:
        arguments = ["replay", path, f"127.0.0.1:{server.port}", "--proxy-header", version]
        assert "a PROXY header for 10.0.0.1:40000" in smtptrace(*arguments, "--dry-run").out
        assert smtptrace(*arguments, "--save", saved).code == 0
        assert smtptrace(*arguments, "--client-address", "[2001:db8::9]:7").code == 0
    assert heard[0].startswith(head[:16])
    assert heard[1].startswith(b"PROXY TCP6 2001" if version == "v1" else b"\r\n\r\n\0\r\nQUIT\n\x21\x21")
    (session,) = smtptrace("list", "--json", saved).objects("session")
    assert [each["verb"] for each in session["exchanges"]] == ["EHLO", "QUIT"]


def test_no_address_for_a_proxy_header(smtptrace: Command, tmp_path: Path) -> None:
    """A transcript without one: it is said how to give one, and nothing is sent."""
    with faulty.running() as server:
        for option in (["--proxy-header", "v1"], ["--xclient"]):
            said = smtptrace("replay", write(tmp_path, SENDING), f"127.0.0.1:{server.port}", *option)
            assert (said.code, "--client-address" in said.err, server.connections) == (2, True, 0)


def test_xclient(smtptrace: Command, tmp_path: Path) -> None:
    """Said where it is offered, with the greeting and EHLO after it; without the offer the run ends there."""
    path = write(tmp_path, at(1, SENDING, 5))
    offer = "250-server.test\r\n250 XCLIENT ADDR PORT"
    with faulty.running(EHLO=offer, XCLI="220 again") as server:
        said = smtptrace("replay", path, f"127.0.0.1:{server.port}", "--xclient", "--json")
    assert b"EHLO a\r\nXCLIENT ADDR=10.0.0.1 PORT=40000\r\nEHLO a\r\nMAIL" in server.received
    assert (said.code, said.objects("replay")[0]["verdict"]) == (0, "same")
    with faulty.running() as server:
        said = smtptrace("replay", path, f"127.0.0.1:{server.port}", "--xclient", "--json")
        server.gone.wait(5)
    assert (said.code, server.received) == (1, b"EHLO a\r\nQUIT\r\n")
    assert "does not offer XCLIENT" in said.objects("replay")[0]["stopped"]
