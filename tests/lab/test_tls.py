"""TLS of another implementation, opened with its keys: what only OpenSSL's own tools can be made to do."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.handshakes import certificate
from support.secure import C, Conversation, Opened, S, Said, open_all

from lab.fixtures import or_skip
from lab.process import HOST, Unavailable, free_ports, tool
from smtptrace.wire import Side

pytestmark = pytest.mark.lab

GREETING, EHLO, MX, MAIL, OK = (
    (S, b"220 mx.test ESMTP\n"),
    (C, b"EHLO app01\n"),
    (S, b"250 mx.test\n"),
    (C, b"MAIL FROM:<a@b.test>\n"),
    (S, b"250 2.1.0 ok\n"),
)
NOOP, AGAIN = (C, b"NOOP\n"), (S, b"250 again\n")
USUAL: Said = [GREETING, EHLO, MX, MAIL, OK]
RENEGOTIATE, UPDATE, UPDATE_BOTH = (C, b"R\n"), (C, b"k\n"), (C, b"K\n")
"""Commands of s_client."""


class OpenSsl:
    """A server of OpenSSL's, with a relay before it that keeps what passes."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.keys = folder / "keys"
        both = folder / "both.pem"
        both.write_bytes(b"".join(certificate(names=True)))
        (self._port,) = free_ports(1)
        own = (
            "-accept",
            f"{HOST}:{self._port}",
            "-cert",
            str(both),
            "-key",
            str(both),
            "-keylogfile",
            str(self.keys),
        )
        self._server = self._run("s_server", *own, *options)
        self._relay = socket.create_server((HOST, 0))
        self._log: list[tuple[Side, bytes]] = []
        self._turn = threading.Condition()

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [tool("openssl"), *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def converse(self, said: Said, *options: str) -> Opened:
        """One connection, read back; the words that are commands of s_client are not sent."""
        self._log.clear()
        relay = threading.Thread(target=self._pass_on)
        relay.start()
        client = self._run("s_client", "-connect", f"{HOST}:{self._relay.getsockname()[1]}", *options)
        try:
            self._settle(0)
            for side, octets in said:
                before = len(self._log)
                stdin = (client, self._server)[side].stdin
                assert stdin is not None
                stdin.write(octets)
                stdin.flush()
                self._settle(before)
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.communicate(timeout=10)
        finally:
            client.kill()
            client.communicate()
            relay.join(20)
        conversation = Conversation().open()
        for side, octets in self._log:
            conversation.say(side, octets)
        (found,) = open_all(conversation.segments, self.keys.read_bytes())
        return found

    def _settle(self, before: int) -> None:
        """Wait until something passed, and then nothing for a moment."""
        deadline = time.monotonic() + 10
        while len(self._log) <= before and time.monotonic() < deadline:
            time.sleep(0.02)
        while time.monotonic() < deadline:
            size = len(self._log)
            time.sleep(0.1)
            if len(self._log) == size:
                return

    def _pass_on(self) -> None:
        one, _ = self._relay.accept()
        with one, self._reach() as two:
            ends = {one: (C, two), two: (S, one)}
            while ends:
                for end in select.select(list(ends), [], [], 10)[0]:
                    side, other = ends[end]
                    octets = b""
                    with contextlib.suppress(OSError):
                        octets = end.recv(65536)
                    if octets:
                        self._log.append((side, octets))
                    else:
                        del ends[end]
                    with contextlib.suppress(OSError):
                        other.sendall(octets) if octets else other.shutdown(socket.SHUT_WR)

    def _reach(self) -> socket.socket:
        for _ in range(100):
            with contextlib.suppress(OSError):
                return socket.create_connection((HOST, self._port), timeout=10)
            time.sleep(0.05)
        raise Unavailable("openssl s_server does not answer")

    def close(self) -> None:
        """End the server."""
        self._server.kill()
        self._server.communicate()
        self._relay.close()


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[OpenSsl]:
    with or_skip():
        server = OpenSsl(folder, *options)
    try:
        yield server
    finally:
        server.close()


def of(side: Side, said: Said) -> bytes:
    return b"".join(octets for other, octets in said if other is side and len(octets) > 2)


def check(found: Opened, said: Said) -> None:
    assert (found.said(C), found.said(S)) == (of(C, said), of(S, said))
    assert (found.gaps, found.oddities) == ([], [])


CAMELLIA = "ECDHE-ECDSA-CAMELLIA128-SHA256"
CASES: dict[str, tuple[Sequence[str], Sequence[str], Said]] = {
    "keys updated": (
        ["-tls1_3"],
        [],
        [GREETING, EHLO, UPDATE_BOTH, MX, MAIL, UPDATE, OK, NOOP, UPDATE_BOTH, AGAIN, NOOP],
    ),
    "renegotiation": (
        ["-tls1_2", "-client_renegotiation"],
        [],
        [GREETING, EHLO, MX, RENEGOTIATE, MAIL, OK, RENEGOTIATE, NOOP, AGAIN],
    ),
    "padding": (["-tls1_3", "-record_padding", "512"], ["-record_padding", "1024"], USUAL),
    "small records": (["-max_send_frag", "512"], ["-max_send_frag", "512"], [GREETING, (C, b"x" * 3000 + b"\n"), OK]),
    "Camellia": (["-tls1_2", "-cipher", CAMELLIA], ["-cipher", CAMELLIA], USUAL),
}


@pytest.mark.parametrize(("server", "client", "said"), CASES.values(), ids=CASES)
def test_what_openssl_does(tmp_path, server, client, said):
    """All that was said comes out, octet for octet."""
    with serving(tmp_path, *server) as openssl:
        check(openssl.converse(said, *client), said)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_client_with_a_certificate(tmp_path, version):
    """The server's certificate is told, not the client's."""
    with serving(tmp_path, version, "-Verify", "1") as openssl:
        both = str(tmp_path / "both.pem")
        found = openssl.converse(USUAL, "-cert", both, "-key", both)
        check(found, USUAL)
        assert found.secured.certificate is not None


@pytest.mark.parametrize("options", [["-tls1_2"], ["-tls1_2", "-no_ticket"], ["-tls1_3"]])
def test_sessions_that_are_resumed(tmp_path, options):
    """By ticket, by id, by a key from before; there is no certificate then."""
    session = str(tmp_path / "session")
    with serving(tmp_path, *options) as openssl:
        check(openssl.converse(USUAL, "-sess_out", session), USUAL)
        found = openssl.converse(USUAL, "-sess_in", session)
        check(found, USUAL)
        assert found.secured.certificate is None


def test_early_data(tmp_path):
    """What the server took before the handshake was over comes first; what it refused did not come."""
    session, early = str(tmp_path / "session"), tmp_path / "early"
    early.write_bytes(b"EHLO early\nMAIL FROM:<early@b.test>\n")
    with serving(tmp_path, "-tls1_3", "-early_data") as openssl:
        check(openssl.converse(USUAL, "-sess_out", session), USUAL)
        said = [GREETING, NOOP, AGAIN]
        found = openssl.converse(said, "-sess_in", session, "-early_data", str(early))
        check(found, [(C, early.read_bytes()), *said])
        check(openssl.converse(said, "-sess_in", session, "-early_data", str(early)), said)
