"""`smtptrace relay-test`."""

from __future__ import annotations

import socket

import pytest
from lab.accounts import ALICE
from replay import faulty
from support.command import Command

WHO = ["--internal", "bob@lab.test", "--external", "me@other.test"]


def test_a_server_that_takes_all_up_to_rcpt(smtptrace: Command) -> None:
    """It is not called an open relay, and gets no content."""
    with faulty.running() as server:
        said = smtptrace("relay-test", f"127.0.0.1:{server.port}", *WHO)
    assert said.code == 0
    assert "asked from 127.0.0.1" in said.out
    assert "would relay, so far" in said.out
    assert (server.connections, server.received.count(b"DATA")) == (4, 0)


def test_elsewhere(smtptrace: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes to another machine without --send, and no login without TLS."""
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim")
    said = smtptrace("relay-test", "192.0.2.1", *WHO)
    assert (said.code, "--send" in said.err) == (2, True)
    said = smtptrace("relay-test", "192.0.2.1", *WHO, "--send", "--user", "alice")
    assert (said.code, "--allow-plaintext-auth" in said.err) == (2, True)


def test_a_target_that_breaks(smtptrace: Command) -> None:
    """Exit code 4."""
    with faulty.running("MAIL", "close") as server:
        assert smtptrace("relay-test", f"127.0.0.1:{server.port}", *WHO).code == 4


@pytest.mark.lab
def test_exim_relays_for_alice_alone(smtptrace: Command, exim_server, monkeypatch) -> None:
    """Without login only its own recipients; with one whatever she likes."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    target = f"127.0.0.1:{exim_server.port}"
    (record,) = smtptrace("relay-test", target, *WHO, "--user", "alice", "--json").objects("relay-test")
    taken = {(each["login"], each["recipient"]): each["accepted"] for each in record["tests"]}
    assert taken == {
        (False, "internal"): True,
        (False, "external"): False,
        (True, "internal"): True,
        (True, "external"): True,
    }
    assert not record["open_relay"]


@pytest.mark.lab
def test_an_open_relay(smtptrace: Command, postfix_server) -> None:
    """Postfix without AUTH takes everything: found out with --data."""
    target = f"127.0.0.1:{postfix_server.open_port}"
    said = smtptrace("relay-test", target, *WHO, "--data")
    assert said.code == 1
    assert "OPEN RELAY" in said.out
