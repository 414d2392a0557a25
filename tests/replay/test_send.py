"""The way to a target."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from lab import scripted
from replay.scripts import script

from smtptrace.net import WireError
from smtptrace.replay.player import Rules
from smtptrace.replay.run import Secure
from smtptrace.replay.send import ntlm_level, send, where
from smtptrace.wire import Endpoint, Open

SHORT = "S: 220 hi\nC: NOOP\nS: 250 ok\n"
SECURE = Secure(None, "")


def place(host: str, port: int):
    return where(Endpoint(host, port), SECURE, bind=None, timeout_s=5)


def rules(timeout_s: float = 5) -> Rules:
    return Rules(lambda how: pytest.fail("nobody logs in"), timeout_s=timeout_s)


def test_this_machine():
    """By address and by name; a private address is another machine."""
    assert place("127.0.0.1", 25).target.loopback
    assert place("localhost", 25).target.loopback
    assert not place("10.0.0.1", 25).target.loopback
    with pytest.raises(WireError):
        place("x" * 70 + ".test", 25)


def test_it_is_played_there():
    """And the ends are those of the connection."""
    with scripted.running(scripted.replies("220 hi", "250 ok", "221 bye")) as server:
        played = send(script(SHORT), place("127.0.0.1", server.port), rules())
    assert [done.received.code for done in played.done] == [220, 250]
    assert played.connection.server == Endpoint("127.0.0.1", server.port)


def test_a_run_that_is_ended_from_another_thread():
    """Nobody waits for the reply that was awaited, and nothing more is sent."""
    with scripted.running(scripted.silent) as server:
        there = place("127.0.0.1", server.port)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(send, script(SHORT), replace(there, timeout_s=600), rules(600))
            while not there.halt.wires:
                time.sleep(0.01)
            there.halt.set()
            assert running.result(20).broken == "the run was ended"
        assert send(script(SHORT), there, rules()).broken == "the run was ended"


def test_nobody_there():
    """It is an outcome, with the attempt in the record."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    played = send(script(SHORT), place("127.0.0.1", port), rules())
    assert "connection refused" in played.broken
    assert isinstance(played.connection.events[0], Open)
    assert [done.step.verb for done in played.done] == [""]


@pytest.mark.parametrize("before", [None, "5"])
def test_the_level_of_ntlm_is_put_back(monkeypatch, before):
    """It holds for the run alone."""
    monkeypatch.delenv("LM_COMPAT_LEVEL", raising=False)
    if before:
        monkeypatch.setenv("LM_COMPAT_LEVEL", before)
    with ntlm_level(2):
        assert os.environ["LM_COMPAT_LEVEL"] == "2"
    assert os.environ.get("LM_COMPAT_LEVEL") == before
    with ntlm_level(None):
        assert os.environ.get("LM_COMPAT_LEVEL") == before
