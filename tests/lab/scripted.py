"""A server that says exactly what a test tells it to: refusing, silent, breaking off, or out of its mind."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab.process import HOST, free_port

Behaviour = Callable[[socket.socket], None]


@dataclass(frozen=True, slots=True)
class Scripted:
    """A listening socket; every connection is handed to the behaviour, in a thread of its own."""

    port: int


@contextlib.contextmanager
def running(behaviour: Behaviour, port: int | None = None) -> Iterator[Scripted]:
    """Listen and treat each connection with `behaviour`; a connection is closed when it returns."""
    with socket.create_server((HOST, port or free_port())) as listener:
        threads: list[threading.Thread] = []
        accepting = threading.Thread(target=_accept, args=(listener, behaviour, threads), daemon=True)
        accepting.start()
        try:
            yield Scripted(listener.getsockname()[1])
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for thread in [accepting, *threads]:
                thread.join(timeout=5)


def _accept(listener: socket.socket, behaviour: Behaviour, threads: list[threading.Thread]) -> None:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        thread = threading.Thread(target=_serve, args=(conn, behaviour), daemon=True)
        threads.append(thread)
        thread.start()


def _serve(conn: socket.socket, behaviour: Behaviour) -> None:
    with conn, contextlib.suppress(OSError):
        behaviour(conn)


def replies(*texts: str) -> Behaviour:
    """Say the first text at once and each further one after a line from the client; then close."""

    def behave(conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            for number, text in enumerate(texts):
                if number and not lines.readline():
                    return
                conn.sendall(text.replace("\n", "\r\n").encode() + b"\r\n")

    return behave


def silent(conn: socket.socket) -> None:
    """Take the connection and say nothing until the client has gone."""
    while conn.recv(65536):
        pass
