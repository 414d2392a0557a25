"""A target that goes wrong at STARTTLS, in the handshake or inside TLS: an outcome in time, and nothing in clear."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from lab import certificates, scripted
from replay import faulty
from replay.test_faults import BROKEN, source
from support.command import Command

assert source  # the session of those tests, as a fixture

pytestmark = pytest.mark.slow

STEPS = {"STAR": 3, "tls EHLO": 4, "tls AUTH": 5}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    """A certificate for localhost."""
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def context(made: certificates.Certificates) -> ssl.SSLContext:
    """What a server needs for TLS."""
    found = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    found.load_cert_chain(made.certificate, made.key)
    return found


def replay(smtptrace: Command, path: Path, port: int, made: certificates.Certificates, *options: object):
    """The only outcome, and the exit code."""
    words = ["replay", path, f"localhost:{port}", "--ca-file", made.authority, "--json", "--tls", "starttls", *options]
    said = smtptrace(*words)
    (outcome,) = said.objects("replay")
    return said.code, outcome


def test_without_a_fault_it_is_the_same(smtptrace: Command, source: Path, made, context) -> None:
    """All of it inside TLS."""
    with faulty.running(context=context) as server:
        code, outcome = replay(smtptrace, source, server.port, made)
    assert (code, outcome["verdict"], outcome["tls"]["version"]) == (0, "same", "TLSv1.3")


@pytest.mark.parametrize("fault", [*BROKEN, "4xx", "5xx"])
@pytest.mark.parametrize("place", STEPS)
def test_a_fault_is_found_in_its_step(smtptrace: Command, source: Path, made, context, place: str, fault: str) -> None:
    """Exit code 4 where the target broke, 1 where it refused; credentials never in clear."""
    patience = 0.6 if fault in ("hang", "trickle") else 20
    with faulty.running(place, fault, context) as server:
        code, outcome = replay(smtptrace, source, server.port, made, "--timeout", patience)
        server.gone.wait(5)
    assert outcome["first_difference"] == STEPS[place]
    assert (code, outcome["verdict"]) == ((4, "broken") if fault in BROKEN else (1, "different"))
    assert server.connections == 1
    assert (b"AUTH" in server.received) is (place == "tls AUTH")
    assert server.received.count(b"MAIL ") == 0


@pytest.mark.parametrize("fault", ["hang", "", "250 no TLS here\r\n", "\x15\x03\x03\x00\x02\x02\x28"])
def test_a_handshake_that_fails(smtptrace: Command, source: Path, made, context, fault: str) -> None:
    """Silence, an end, SMTP, an alert: exit code 4 at STARTTLS, and not a word more."""
    with faulty.running("handshake", fault, context) as server:
        code, outcome = replay(smtptrace, source, server.port, made, "--timeout", 0.6 if fault == "hang" else 20)
    assert (code, outcome["first_difference"], outcome["verdict"]) == (4, 3, "broken")
    assert outcome["steps"][2]["detail"].startswith("TLS handshake: ")
    assert server.received == b"EHLO client.test\r\nSTARTTLS\r\n"


@pytest.mark.parametrize("fault", ["hang", "close", "greeting", "certificate"])
def test_tls_at_once_that_fails(smtptrace: Command, source: Path, made, context, fault: str) -> None:
    """The greeting is never reached."""

    def behave(conn: socket.socket) -> None:
        if fault == "hang":
            scripted.silent(conn)
        elif fault == "greeting":
            conn.sendall(b"220 server.test ESMTP\r\n")
            conn.recv(1000)
        elif fault == "certificate":
            context.wrap_socket(conn, server_side=True)

    authority = [] if fault == "certificate" else ["--ca-file", made.authority]
    with scripted.running(behave) as server:
        target = f"localhost:{server.port}"
        said = smtptrace("replay", source, target, "--tls", "implicit", "--json", "--timeout", 1, *authority)
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"], outcome["verdict"]) == (4, 1, "broken")
    assert outcome["steps"][0]["detail"]


def test_a_target_that_does_not_read_on(smtptrace: Command, tmp_path: Path) -> None:
    """A message that it does not take in time ends the run at DATA, in time, sent once."""
    body = "".join(f"C: {'x' * 900}\n" for _ in range(9000))
    path = tmp_path / "big.smtp"
    path.write_text(
        "# session: 1\nS: 220 hi\nC: HELO a\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n"
        f"C: DATA\nS: 354 go\n{body}C: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    )

    def behave(conn: socket.socket) -> None:
        scripted.replies("220 hi", "250 hi", "250 ok", "250 ok", "354 go")(conn)
        until_gone.wait(20)

    until_gone = threading.Event()
    with scripted.running(behave) as server:
        said = smtptrace("replay", path, f"127.0.0.1:{server.port}", "--json", "--timeout", 1)
        until_gone.set()
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"], outcome["broken"]) == (4, 5, "writing: no answer in time")


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("recipient", [1, 2])
def test_lmtp(smtptrace: Command, tmp_path: Path, recipient: int, fault: str) -> None:
    """A reply for a recipient that does not come, or is none."""
    path = tmp_path / "lmtp.smtp"
    path.write_text(
        "# session: 1\nS: 220 hi\nC: LHLO a\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n"
        "C: RCPT TO:<e@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 ok\nS: 250 ok\nC: QUIT\nS: 221 bye\n"
    )
    replies = faulty.REPLIES | {"LHLO": "250 hi", "1": "250 a", "2": "250 b"}
    server = faulty.Faulty(str(recipient), fault, replies=replies, verdicts=("1", "2"))
    with scripted.running(server.behave) as running:
        said = smtptrace("replay", path, f"127.0.0.1:{running.port}", "--json", "--timeout", 1)
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"], outcome["verdict"]) == (4, 6, "broken")
    assert server.received.count(b"hi\r\n.\r\n") == 1
