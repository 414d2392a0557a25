"""A server that answers what a test tells it to, and a person who talks to it through the console."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import click
from lab import scripted

from smtptrace.cli._connect_text import line_of
from smtptrace.net import client_context
from smtptrace.replay.console import Console, Talk
from smtptrace.replay.console_drive import drive
from smtptrace.replay.console_link import reach
from smtptrace.replay.console_manners import Manners
from smtptrace.replay.console_shown import Ask, Shown
from smtptrace.replay.run import Secure
from smtptrace.secret import Secret
from smtptrace.wire import Endpoint

EHLO = "250-server.test\n250-SIZE 1000000\n250-AUTH LOGIN PLAIN CRAM-MD5\n250-STARTTLS\n250 DSN"


@dataclass
class Server:
    """Says the first reply at once and each further one after a line, or after the message where it said 354.

    `""` says nothing, `"tls"` begins TLS; a reply that ends in a line `close` closes the connection after it. Whatever
    comes after the last reply is heard and not answered.
    """

    replies: tuple[str, ...]
    context: ssl.SSLContext | None = None
    port: int = 0
    lines: list[bytes] = field(default_factory=list)

    def behave(self, conn: socket.socket) -> None:
        """One session."""
        self._go(conn, self.replies)

    def _go(self, conn: socket.socket, replies: tuple[str, ...], heard: bool = True) -> None:
        content = False
        for number, reply in enumerate(replies):
            if not heard and not self._hear(conn, content):
                return
            heard = False
            if reply == "tls":
                conn.sendall(b"220 go\r\n")
                assert self.context is not None
                with self.context.wrap_socket(conn, server_side=True) as secured:
                    self._go(secured, replies[number + 1 :], heard=False)
                return
            said, ends, _ = (reply + "\n").partition("close\n")
            conn.sendall(said.replace("\n", "\r\n").encode() if said.strip() else b"")
            if ends:
                return
            content = reply.startswith("354")
        while self._hear(conn, content):
            pass

    def _hear(self, conn: socket.socket, content: bool) -> bool:
        """Take a line, or all lines up to a lone dot."""
        line = b""
        while octet := conn.recv(1):
            line += octet
            if octet == b"\n":
                self.lines.append(line)
                if not content or line == b".\r\n":
                    return True
                line = b""
        return False


@contextlib.contextmanager
def serving(*replies: str, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that says these replies."""
    server = Server(replies, context)
    with scripted.running(server.behave) as running:
        server.port = running.port
        yield server


class Person:
    """Somebody at the console: says lines, answers what is asked, sees lines without colours."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.asked: list[str] = []

    def begins(self) -> list[str]:
        return self._sees(self.console.begin(implicit=False))

    def says(self, line: str, *answers: str | None) -> list[str]:
        return self._sees(self.console.enter(line), *answers)

    def waits(self) -> list[str]:
        return self._sees(self.console.arrived())

    def leaves(self) -> list[str]:
        return self._sees(self.console.leave())

    def _sees(self, talk: Talk, *answers: str | None) -> list[str]:
        seen: list[str] = []
        given = iter(answers)

        def answer(ask: Ask) -> str | Secret | None:
            self.asked.append(ask.what)
            said = next(given)
            return Secret(said) if ask.secret and said is not None else said

        def show(shown: Shown) -> None:
            seen.append(click.unstyle(line_of(shown)))

        drive(talk, show, answer)
        return seen


@contextlib.contextmanager
def person(port: int, manners: Manners | None = None, ca_file: str | None = None) -> Iterator[Person]:
    """A person who is connected."""
    where = Endpoint("localhost", port)
    link = reach(where, Secure(client_context(ca_file=ca_file), "localhost"), bind=None, timeout_s=5)
    console = Console(link, where, manners or Manners(timeout_s=5))
    try:
        yield Person(console)
    finally:
        if not console.ended:
            console.hang_up()


@contextlib.contextmanager
def talking(*replies: str, manners: Manners | None = None) -> Iterator[tuple[Person, Server]]:
    """A person who was greeted by a server that says these replies."""
    with serving(*replies) as server, person(server.port, manners) as who:
        who.begins()
        yield who, server


def sent(server: Server) -> list[str]:
    """What the server got, line by line."""
    return [line.decode().removesuffix("\r\n") for line in server.lines]
