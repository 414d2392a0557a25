"""A server that goes wrong in one step of a session, in a way that the test names, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from lab import scripted

REPLIES = {
    "greeting": "220 server.test ESMTP",
    "EHLO": "250-server.test\r\n250-SIZE 1000000\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS",
    "AUTH": "334 VXNlcm5hbWU6",
    "user": "334 UGFzc3dvcmQ6",
    "password": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "content": "250 2.0.0 queued as 4XYZ12ab",
    "QUIT": "221 2.0.0 bye",
}
PLACES = tuple(REPLIES)
IN_TLS = {
    "STAR": "220 2.0.0 go ahead",
    "tls EHLO": REPLIES["EHLO"],
    "tls AUTH": REPLIES["AUTH"],
    "BDAT": "250 2.0.0 chunk",
}


@dataclass
class Faulty:
    """What went wrong where, and what came in."""

    place: str = ""
    fault: str = ""
    received: bytes = b""
    connections: int = 0
    port: int = 0
    replies: dict[str, str] = field(default_factory=lambda: dict(REPLIES))
    context: ssl.SSLContext | None = None
    verdicts: tuple[str, ...] = ("content",)
    gone: threading.Event = field(default_factory=threading.Event)

    def behave(self, conn: socket.socket) -> None:
        """One session."""
        self.connections += 1
        try:
            self._session(conn)
        finally:
            self.gone.set()

    def _session(self, conn: socket.socket, tls: str = "") -> None:
        lines = conn.makefile("rb")
        say = lambda place: self._say(conn, place)  # noqa: E731
        going = bool(tls) or say("greeting")
        while going and (line := self._line(lines)):
            verb = line[:4].upper().decode("ascii", "replace")
            if verb == "BDAT":
                self.received += lines.read(int(line.split()[1]))
            verb = tls + verb if tls + verb in self.replies else verb
            going = say(verb) if verb in self.replies else self._other(conn)
            if verb.endswith("AUTH") and going:
                going = bool(self._line(lines)) and say("user") and bool(self._line(lines)) and say("password")
            elif verb == "DATA" and going and self._wants_content():
                going = self._content(lines) and all(map(say, self.verdicts))
            elif verb == "STAR" and going and self.context and self.place != "STAR":
                return self._secure(conn)
            elif verb == "QUIT":
                going = False
        return None

    def _secure(self, conn: socket.socket) -> None:
        if self.place == "handshake":
            conn.recv(1)  # what is sent before the client speaks is not part of the handshake
            self._hang(conn, "") if self.fault == "hang" else conn.sendall(self.fault.encode())
            return
        with self.context.wrap_socket(conn, server_side=True) as secured:
            self._session(secured, "tls ")

    def _wants_content(self) -> bool:
        return self.place != "DATA" and self.replies["DATA"].startswith("354")

    def _line(self, lines) -> bytes:
        line = lines.readline()
        self.received += line
        return line

    def _content(self, lines) -> bool:
        while line := self._line(lines):
            if line == b".\r\n":
                return True
        return False

    def _other(self, conn: socket.socket) -> bool:
        conn.sendall(b"250 2.0.0 fine\r\n")
        return True

    def _say(self, conn: socket.socket, place: str) -> bool:
        """Reply, or go wrong; whether the session goes on."""
        if place != self.place:
            conn.sendall(self.replies[place].encode() + b"\r\n")
            return True
        return bool(getattr(self, "_" + {"4xx": "later", "5xx": "never"}.get(self.fault, self.fault))(conn, place))

    def _hang(self, conn: socket.socket, _place: str) -> bool:
        while conn.recv(65536):
            pass
        return False

    def _close(self, _conn: socket.socket, _place: str) -> bool:
        return False

    def _reset(self, conn: socket.socket, _place: str) -> bool:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def _half(self, conn: socket.socket, _place: str) -> bool:
        conn.sendall(b"250-half a rep")
        return False

    def _later(self, conn: socket.socket, _place: str) -> bool:
        conn.sendall(b"451 4.3.0 later\r\n")
        return True

    def _never(self, conn: socket.socket, _place: str) -> bool:
        conn.sendall(b"550 5.7.1 never\r\n")
        return True

    def _trickle(self, conn: socket.socket, _place: str) -> bool:
        with contextlib.suppress(OSError):
            while True:
                conn.sendall(b"2")
                time.sleep(0.02)
        return False

    def _endless(self, conn: socket.socket, _place: str) -> bool:
        with contextlib.suppress(OSError):
            while True:
                conn.sendall(b"250-" + b"x" * 1000 + b"\r\n")
        return False

    def _flood(self, conn: socket.socket, _place: str) -> bool:
        with contextlib.suppress(OSError):
            while True:
                conn.sendall(b"2" * 65536)
        return False

    def _garbage(self, conn: socket.socket, _place: str) -> bool:
        conn.sendall(b"HTTP/1.1 400 \x1b[2JBad Request\r\n")
        return True


@contextlib.contextmanager
def running(
    place: str = "", fault: str = "", context: ssl.SSLContext | None = None, **replies: str
) -> Iterator[Faulty]:
    """Start one that goes wrong at `place`; `replies` take the place of the usual ones, `context` is for STARTTLS."""
    usual = REPLIES | (IN_TLS if context else {})
    faulty = Faulty(place, fault, replies=usual | replies, context=context)
    with scripted.running(faulty.behave) as server:
        faulty.port = server.port
        yield faulty
