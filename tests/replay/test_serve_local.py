"""The server of a recording inside this process."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading

import pytest
from replay.scripts import LOGIN, SENDING

from smtptrace.errors import UnreadableError, UsageError
from smtptrace.replay.serve_local import LocalServer


@pytest.fixture
def start(tmp_path):
    """Start a server of these dialogues; all end with the test."""
    running: list[LocalServer] = []

    def start(*texts: str, **options: object) -> LocalServer:
        path = tmp_path / f"{len(running)}.smtp"
        path.write_text("".join(f"# session: {at}\n{text}\n" for at, text in enumerate(texts)))
        running.append(LocalServer(path, tmp_path, **options))
        running[-1].start()
        return running[-1]

    yield start
    for each in running:
        each.stop()


def test_clients_are_kept_apart(start):
    """In the order in which they came, and each with its session; what has a reply is there at once."""
    server = start(SENDING, LOGIN, match="login")
    with smtplib.SMTP(server.host, server.port) as first, smtplib.SMTP(server.host, server.port) as second:
        second.login("alice", "other")
        first.sendmail("x@y", ["z@w"], "hi")
        assert [len(each.messages) for each in server.received] == [1, 0]
        assert [each.authcid for each in server.logins] == ["alice"]
        assert server.commands[-1] == "AUTH LOGIN YWxpY2U="  # the password is no command
    assert server.deviations() == ()
    one, two = server.received
    assert one.session != two.session


def test_some_of_the_sessions(start, tmp_path):
    """By the names that `list` gives them."""
    start(SENDING, LOGIN)
    server = LocalServer(tmp_path / "0.smtp", tmp_path, sessions=["2"])
    assert server.deviations(0) == ("session 2: never played",)
    server.stop()


def test_a_client_that_is_still_busy(start):
    """It has a moment to say what is missing."""
    server = start("S: 220 hi\nC: EHLO a\nS: 250 hi\nC: NOOP\nS: 250 ok\n")
    client = socket.create_connection((server.host, server.port))
    assert client.recv(99)
    late = threading.Timer(0.2, client.sendall, [b"EHLO a\r\n"])
    late.start()
    assert server.deviations(20) == ()
    late.join()
    client.close()


def test_a_handshake_that_fails(start):
    """Is told."""
    server = start("# tls: implicit=yes opened=yes\n" + SENDING)
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"EHLO a\r\n")
        with contextlib.suppress(ConnectionResetError):
            client.recv(99)
    server.stop()
    assert "TLS" in server.deviations()[-1]


def test_what_cannot_be_served(start, tmp_path):
    """Is an error of one line."""
    with pytest.raises(UsageError, match="choose from refuse, close, accept"):
        start(SENDING, unrecorded="never")
    with pytest.raises(UsageError, match="choose from order, helo, login"):
        start(SENDING, match="never")
    with pytest.raises(UnreadableError):
        LocalServer(tmp_path / "none", tmp_path)
