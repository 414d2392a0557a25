"""`replay`: the options of the connection do what they say."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
from cli.test_replay import loopback_only, write
from lab import certificates, scripted
from replay import faulty
from replay.scripts import SENDING
from support.command import Command

from smtptrace.trace import read

assert loopback_only  # no test of this file connects to anything but this machine either


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    """A certificate for localhost and lab.test."""
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def context(made: certificates.Certificates) -> ssl.SSLContext:
    """What a server needs for TLS."""
    found = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    found.load_cert_chain(made.certificate, made.key)
    return found


@pytest.fixture
def replay(smtptrace: Command, tmp_path: Path, made: certificates.Certificates):
    """Replay a session over STARTTLS; gives the exit code and the outcome."""
    path = write(tmp_path, SENDING)

    def run(server: faulty.Faulty, *options: object, host: str = "localhost"):
        fixed = ["--ca-file", made.authority, "--json", "--tls", "starttls"]
        said = smtptrace("replay", path, f"{host}:{server.port}", *fixed, *options)
        return said.code, said.objects("replay")[0]

    return run


def test_versions(replay, context) -> None:
    """No older than asked for, and no newer."""
    with faulty.running(context=context) as server:
        assert replay(server, "--tls-max", "1.2")[1]["tls"]["version"] == "TLSv1.2"
        assert replay(server, "--tls-min", "1.3")[1]["tls"]["version"] == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with faulty.running(context=context) as server:
        code, outcome = replay(server, "--tls-min", "1.3")
    assert (code, outcome["first_difference"]) == (4, 3)
    assert "version" in outcome["steps"][2]["detail"]


def test_another_name(replay, context) -> None:
    """It is sent, and the certificate is checked against it."""
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    with faulty.running(context=context) as server:
        assert replay(server, "--sni", "lab.test")[0] == 0
        assert replay(server)[0] == 0
        code, outcome = replay(server, "--sni", "other.example")
    assert names == ["lab.test", "localhost", "other.example"]
    assert (code, "does not verify" in outcome["steps"][2]["detail"]) == (4, True)


def test_our_own_certificate(replay, context, made) -> None:
    """A server that asks for one gets it; without it the run breaks."""
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(made.authority)
    with faulty.running(context=context) as server:
        assert replay(server, "--client-cert", made.certificate, "--client-key", made.key)[0] == 0
        assert replay(server)[0] == 4


def test_the_keys_of_tls(replay, context, tmp_path: Path) -> None:
    """They are written where they are wanted, for nobody else to read."""
    keys = tmp_path / "keys"
    with faulty.running(context=context) as server:
        assert replay(server, "--write-keylog", keys)[0] == 0
    assert "CLIENT_TRAFFIC_SECRET_0" in keys.read_text()
    assert keys.stat().st_mode & 0o777 == 0o600


def test_the_address_to_connect_from(smtptrace: Command, tmp_path: Path) -> None:
    """It is bound; one that is not ours is an outcome."""
    peers: list[str] = []

    def behave(conn: socket.socket) -> None:
        peers.append(conn.getpeername()[0])
        scripted.replies("220 hi", "250 hi", "250 ok", "250 ok", "354 go")(conn)

    with scripted.running(behave) as server:
        words = ["replay", write(tmp_path, SENDING), f"127.0.0.1:{server.port}", "--json", "--until", "data"]
        smtptrace(*words, "--bind", "127.0.0.7")
        said = smtptrace(*words, "--bind", "192.0.2.77")
    assert peers == ["127.0.0.7"]
    assert (said.code, said.objects("replay")[0]["first_difference"]) == (4, 1)


def test_certificate_that_is_not_verified(replay, context) -> None:
    """Another name in it is no matter with --insecure."""
    with faulty.running(context=context) as server:
        assert replay(server, "--sni", "other.example", "--insecure")[0] == 0


def test_the_certificate_is_kept(replay, context, tmp_path: Path) -> None:
    """Who the target was is told by the recording too."""
    path = tmp_path / "run.pcapng"
    with faulty.running(context=context) as server:
        replay(server, "--save", path)
    (found,) = read(str(path))
    assert found.session.tls and found.session.tls.certificate
    assert found.session.tls.certificate.subject == "CN=lab.test"
