"""A replay that is told to end keeps and tells what was said until then."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

import pytest
from cli.test_replay import loopback_only, write
from lab import scripted
from replay.scripts import SENDING
from support.command import Command

from smtptrace.cli._replay_signals import ended_by_signals
from smtptrace.replay.send import Halt

assert loopback_only  # no test of this file connects to anything but this machine either


def signalled(number: int):
    """A server that sends this process a signal where RCPT comes, and never answers that."""
    main = threading.main_thread().ident

    def behave(conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            conn.sendall(b"220 hi\r\n")
            while line := lines.readline():
                if line.startswith(b"RCPT"):
                    assert main is not None
                    signal.pthread_kill(main, number)
                    lines.readline()  # the end of the connection
                    return
                conn.sendall(b"250 ok\r\n")

    return behave


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("options", [[], ["--serial"]])
def test_what_was_said_is_kept(smtptrace: Command, tmp_path: Path, number: int, options: list[str]) -> None:
    """Nothing more is sent, no other session is begun, and the recording has what there was."""
    path, kept, report = write(tmp_path, SENDING, SENDING), tmp_path / "run.smtp", tmp_path / "report.xml"
    with scripted.running(signalled(number)) as server:
        where = f"127.0.0.1:{server.port}"
        said = smtptrace("replay", "--all", path, where, "--save", kept, "--junit", report, "--json", *options)
    assert said.code == 128 + number
    (outcome,) = said.objects("replay")
    assert (outcome["verdict"], outcome["broken"]) == ("broken", "the run was ended")
    assert "sessions that were not begun: 1\n" in said.err
    assert kept.read_text().count("C: RCPT TO:<c@d>") == 1
    assert "C: DATA" not in kept.read_text()
    assert b"the run was ended" in report.read_bytes()


def test_before_anything_runs() -> None:
    """There is nothing to keep: it ends at once."""
    with pytest.raises(KeyboardInterrupt), ended_by_signals([Halt()]):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended, ended_by_signals([Halt()]):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM


def test_the_second_signal() -> None:
    """It waits for nobody."""

    class Wire:
        def stop_reading(self) -> None:
            """Nothing is read."""

    halt = Halt()
    halt.wires.append(Wire())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt), ended_by_signals([halt]) as number:
        signal.raise_signal(signal.SIGTERM)
        assert (number(), halt.is_set()) == (signal.SIGTERM, True)
        signal.raise_signal(signal.SIGINT)
