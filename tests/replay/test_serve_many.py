"""Several clients at a server of `serve`, also at once."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
from replay.scripts import LOGIN, SENDING
from replay.serving import sessions

from smtptrace import net
from smtptrace.errors import UsageError
from smtptrace.replay.serve_many import Service, Terms
from smtptrace.replay.serve_roster import Match, Roster
from smtptrace.replay.serve_run import Served
from smtptrace.replay.throwaway import throwaway

PATIENCE = 20
IMPLICIT = "# tls: implicit=yes opened=yes\n"


class Running:
    """A service and what it told."""

    def __init__(self, service: Service, port: int, ended: list[Served], told: threading.Condition) -> None:
        self.service, self.port, self.ended, self._told = service, port, ended, told

    def after(self, count: int) -> list[Served]:
        """The connections in the order in which they came, once so many have ended."""
        with self._told:
            assert self._told.wait_for(lambda: len(self.ended) >= count, PATIENCE)
        return sorted(self.ended, key=lambda each: each.number)

    def client(self) -> socket.socket:
        found = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.hear(found)
        return found

    def say(self, client: socket.socket, line: bytes) -> bytes:
        client.sendall(line + b"\r\n")
        return self.hear(client)

    def hear(self, client: socket.socket) -> bytes:
        return client.recv(4096)


@contextlib.contextmanager
def serving(*texts: str, **terms: object) -> Iterator[Running]:
    ended: list[Served] = []
    told = threading.Condition()

    def note(served: Served) -> None:
        with told:
            ended.append(served)
            told.notify_all()

    with net.Listener("127.0.0.1", 0) as listener:
        service = Service(sessions(*texts), listener, Terms(**terms), note)  # type: ignore[arg-type]
        service.start()
        try:
            yield Running(service, listener.port, ended, told)
        finally:
            service.stop()


FIRST, SECOND = SENDING.replace("220 hi", "220 first"), SENDING.replace("220 hi", "220 second")


def test_each_connection_gets_its_session():
    """In their order, and then from the first again."""
    with serving(FIRST, SECOND) as running:
        for _ in range(3):
            running.client().close()
        assert [each.session for each in running.after(3)] == ["1", "2", "1"]
        assert running.service.never_played() == ()


def test_at_once():
    """Nobody waits for another, and what each said is kept apart."""
    with serving(FIRST, SECOND) as running:
        clients = [running.client() for _ in range(6)]
        for number, client in enumerate(clients):
            assert running.say(client, b"EHLO c%d" % number).startswith(b"250")
        live = sorted(running.service.live(), key=lambda each: each.number)
        assert [each.session for each in live] == ["1", "2"] * 3
        assert [f"EHLO c{number}\r\n".encode() for number in range(6)] == [
            each.connection.events[1].data for each in live
        ]
        for client in reversed(clients):
            client.close()
        assert len(running.after(6)) == 6


def test_no_more_at_once_than_allowed():
    """The next one is greeted when one has gone."""
    with serving(SENDING, clients=1) as running:
        first = running.client()
        second = socket.create_connection(("127.0.0.1", running.port), timeout=0.5)
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.close()
        second.settimeout(PATIENCE)
        assert second.recv(4) == b"220 "
        second.close()


def test_as_many_as_there_are():
    """Then it is over, and nobody else is greeted."""
    with serving(FIRST, SECOND, connections=1) as running:
        running.client().close()
        running.after(1)
        running.service.stop()
        assert running.service.is_over()
        assert running.service.never_played() == ("2",)


def test_stopping_serves_what_has_arrived():
    """A client that said something and waits for nothing was heard."""
    with serving(SENDING) as running:
        talking = running.client()
        talking.sendall(b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\n")
        silent = socket.create_connection(("127.0.0.1", running.port))
        running.service.stop()
        first, second = running.after(2)
        assert running.service.is_over()
        assert {first.deviations, second.deviations} == {
            (),
            tuple(f"never heard: {verb}" for verb in ("EHLO", "MAIL", "RCPT", "DATA")),
        }
        talking.close()
        silent.close()


def test_tls_at_once_and_clients_that_do_not_want_it():
    """A handshake that fails is an outcome, and hinders nobody."""
    secured = throwaway(["localhost"])
    trusting = ssl.create_default_context(cadata=secured.authority.decode())
    with serving(IMPLICIT + SENDING, context=secured.context) as running:
        plain = socket.create_connection(("127.0.0.1", running.port))
        plain.sendall(b"EHLO a\r\n")
        assert "TLS" in running.after(1)[0].broken
        plain.close()
        with socket.create_connection(("127.0.0.1", running.port)) as raw:
            client = trusting.wrap_socket(raw, server_hostname="localhost")
            assert running.hear(client) == b"220 hi\r\n"
            client.close()
        assert running.after(2)[1].broken == ""


def test_stopping_in_tls():
    """The one who waits for a word in TLS is let go."""
    secured = throwaway(["localhost"])
    trusting = ssl.create_default_context(cadata=secured.authority.decode())
    with serving(IMPLICIT + SENDING, context=secured.context) as running:
        client = trusting.wrap_socket(
            socket.create_connection(("127.0.0.1", running.port)), server_hostname="localhost"
        )
        assert running.hear(client) == b"220 hi\r\n"
        client.sendall(b"NOOP\r\n")
        assert running.hear(client) == b"250 2.0.0 OK\r\n"
        running.service.stop()
        assert len(running.after(1)) == 1
        client.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"\0" * 70_000,
        b"\xff\xfe\r\n" * 100,
        b"EHLO a\r\nAUTH LOGIN\r\n",
        b"EHLO a",
        b"x" * 200_000,
        b"\n" * 999,
    ],
)
def test_a_client_out_of_its_mind(octets):
    """It is heard as far as sense reaches, and the next one finds a server."""
    with serving(LOGIN) as running:
        with running.client() as client, contextlib.suppress(OSError):
            client.sendall(octets)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        running.after(1)
        with running.client() as client:
            assert running.say(client, b"EHLO a").startswith(b"250")


@pytest.mark.parametrize("octets", [b"", b"EHLO a\r\n", b"EHLO a\r\nDATA\r\n"])
def test_a_client_that_resets_the_connection(octets):
    """Has gone, as one that closes it."""
    with serving(SENDING) as running:
        client = running.client()
        client.sendall(octets)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        (served,) = running.after(1)
    assert served.deviations
    assert served.broken == ""


def test_a_client_that_says_nothing():
    """It is waited for no longer than allowed."""
    with serving(SENDING, timeout_s=0.1) as running:
        client = running.client()
        assert "no answer in time" in running.after(1)[0].broken
        client.close()


def test_sessions_that_cannot_be_told_apart():
    """TLS comes before a name."""
    with pytest.raises(UsageError, match="--match helo"):
        Roster(sessions(SENDING, IMPLICIT + SENDING), Match.HELO)
