"""`smtptrace relay-test`."""

from __future__ import annotations

import re
import socket

import pytest
from lab.accounts import ALICE
from replay import faulty
from support.command import Command

from smtptrace.replay.serve_local import LocalServer

WHO = ["--internal", "bob@lab.test", "--external", "me@other.test"]


def test_a_server_that_takes_all_up_to_rcpt(smtptrace: Command) -> None:
    """It is not called an open relay, and gets no content."""
    with faulty.running() as server:
        said = smtptrace("relay-test", f"127.0.0.1:{server.port}", *WHO)
    assert said.code == 0
    assert "asked from 127.0.0.1" in said.out
    assert "would relay, so far" in said.out
    assert "perhaps an open relay for connections from 127.0.0.1" in said.out
    assert "OPEN RELAY" not in said.out
    assert "without login, foreign sender  250 accepted" in said.out
    assert "--user NAME" in said.out
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


def test_a_login_that_is_refused(smtptrace: Command, tmp_path, monkeypatch) -> None:
    """It is tried once; the other tests of it are named as left out."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim")
    (tmp_path / "t.smtp").write_text(
        "# session: 1\nS: 220 hi\nC: EHLO a\nS: 250-hi\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGEAYg==\nS: 535 5.7.8 no\n"
        "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 550 5.7.1 relaying denied\n"
    )
    server = LocalServer(tmp_path / "t.smtp", tmp_path)
    server.start()
    said = smtptrace("relay-test", f"127.0.0.1:{server.port}", *WHO, "--user", "alice")
    server.stop()
    assert (said.code, len(server.logins)) == (0, 1)
    assert re.search(r"^with login, own sender +535 refused +left out$", said.out, re.MULTILINE)
    assert "no open relay for connections from 127.0.0.1" in said.out


def test_what_the_server_says_is_made_visible(smtptrace: Command, tmp_path) -> None:
    """No reply moves the cursor; all its lines are shown."""
    (tmp_path / "t.smtp").write_bytes(
        b"# session: 1\nS: 220 hi\nC: EHLO a\nS: 250 hi\n"
        b"C: MAIL FROM:<a@b>\nS: 550-5.7.1 one\nS: 550 5.7.1 \x1b[2J two\n"
    )
    server = LocalServer(tmp_path / "t.smtp", tmp_path)
    server.start()
    said = smtptrace("relay-test", f"127.0.0.1:{server.port}", *WHO)
    server.stop()
    assert "\x1b" not in said.out
    assert "550-5.7.1 one / 550 5.7.1 " in said.out


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
@pytest.mark.parametrize("mechanism", ["PLAIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_postfix_relays_for_alice_alone(smtptrace: Command, postfix_server, monkeypatch, mechanism: str) -> None:
    """However she logs in, also behind STARTTLS; content changes nothing."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    target = f"127.0.0.1:{postfix_server.port}"
    options = ["--user", "alice", "--auth", mechanism, "--tls", "starttls", "--insecure", "--data", "--json"]
    said = smtptrace("relay-test", target, *WHO, *options)
    (record,) = said.objects("relay-test")
    assert [each["accepted"] for each in record["tests"]] == [True, False, True, False, True, True, True, True]
    assert {each["step"] for each in record["tests"]} == {"DATA", "RCPT"}
    assert (said.code, record["verdict"]) == (0, "no open relay for connections from 127.0.0.1")


@pytest.mark.lab
def test_an_open_relay(smtptrace: Command, postfix_server) -> None:
    """Postfix without AUTH takes everything: found out with --data."""
    target = f"127.0.0.1:{postfix_server.open_port}"
    said = smtptrace("relay-test", target, *WHO, "--data")
    assert said.code == 1
    assert "OPEN RELAY" in said.out
