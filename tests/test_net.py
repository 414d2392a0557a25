"""The seam to sockets: addresses, TLS settings, and every failure as one line."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lab import certificates

from smtptrace import net
from smtptrace.errors import UsageError
from smtptrace.net import WireError
from smtptrace.wire import Endpoint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mail.example", ("mail.example", 25)),
        ("mail.example:587", ("mail.example", 587)),
        ("127.0.0.1:2525", ("127.0.0.1", 2525)),
        ("[::1]:2525", ("::1", 2525)),
        ("[::1]", ("::1", 25)),
        ("::1", ("::1", 25)),
        ("[fe80::1%eth0]:25", ("fe80::1%eth0", 25)),
    ],
)
def test_endpoint(text, found):
    """Host and port as people write them."""
    assert net.endpoint(text, 25) == Endpoint(*found)


@pytest.mark.parametrize("text", ["", ":25", "host:", "host:0", "host:99999", "a b", "smtp://host", "user@host", "h\n"])
def test_no_endpoint(text):
    """What is none is said to be none."""
    with pytest.raises(UsageError):
        net.endpoint(text, 25)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("192.168.0.1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.evil.example", False),
    ],
)
def test_loopback(address, loopback):
    """A private address is not this machine."""
    assert net.is_loopback(address) is loopback


def test_addresses():
    """A name of this machine, an address, and a name that is none."""
    assert net.addresses("127.0.0.1", 25) == ("127.0.0.1",)
    assert all(net.is_loopback(each) for each in net.addresses("localhost", 25))
    with pytest.raises(WireError, match="cannot be resolved: not a name"):
        net.addresses("a" * 70 + ".example", 25)


@contextmanager
def peer(behave) -> Iterator[net.SocketWire]:
    """A wire to a server that does what `behave(socket)` says."""

    def serve(conn: socket.socket) -> None:
        with conn:
            behave(conn)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = net.connect("127.0.0.1", listener.getsockname()[1], timeout_s=5)
        conn, _ = listener.accept()
        thread = threading.Thread(target=serve, args=(conn,))
        thread.start()
        try:
            yield wire
        finally:
            wire.close()
            wire.close()
            thread.join(5)


def until_closed(conn: socket.socket) -> None:
    while conn.recv(65536):
        pass


def test_read_and_write():
    """Octets there and back; empty at the end; both ends are known."""

    def echo(conn: socket.socket) -> None:
        conn.sendall(conn.recv(100).upper())

    with peer(echo) as wire:
        assert (wire.local[0], wire.remote[0]) == ("127.0.0.1", "127.0.0.1")
        wire.write(b"hello", 5)
        assert wire.read(5) == b"HELLO"
        assert wire.read(5) == b""


def test_silence_ends():
    """A wait is over when its time is."""
    with peer(until_closed) as wire, pytest.raises(WireError, match=r"^reading: no answer in time$"):
        wire.read(0.05)


def test_what_arrives_unasked():
    """Nothing yet is None, the end is empty, and what is there comes at once."""
    go = threading.Event()

    def speak(conn: socket.socket) -> None:
        go.wait(5)
        conn.sendall(b"421 bye")

    with peer(speak) as wire:
        assert wire.arrived(0) is None
        assert wire.arrived(0.01) is None
        go.set()
        assert wire.arrived(5) == b"421 bye"
        assert wire.arrived(5) == b""


def test_nobody_there():
    """The endpoint and the reason, on one line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WireError, match=rf"^127.0.0.1:{port}: cannot connect: connection refused$"):
        net.connect("127.0.0.1", port, timeout_s=5)


def test_bind():
    """A connection comes from the address that is named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = net.connect("127.0.0.1", listener.getsockname()[1], timeout_s=5, bind="127.0.0.9")
        assert wire.local[0] == "127.0.0.9"
        wire.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("tls"))


def tls_server(made):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)

    def behave(conn: socket.socket) -> None:
        try:
            with context.wrap_socket(conn, server_side=True) as secured:
                secured.sendall(b"secret")
                until_closed(secured)
        except OSError:
            pass

    return behave


def test_tls(authority, tmp_path):
    """The certificate is checked, the facts are told, the keys are logged for nobody else."""
    keys = tmp_path / "keys"
    context = net.client_context(ca_file=str(authority.authority), keylog=str(keys))
    with peer(tls_server(authority)) as wire:
        facts = wire.start_tls(context, "localhost", 5)
        assert wire.read(5) == b"secret"
    assert (facts.version, bool(facts.cipher), bool(facts.certificate)) == ("TLSv1.3", True, True)
    assert keys.stat().st_mode & 0o777 == 0o600
    assert b"CLIENT_" in keys.read_bytes()


@pytest.mark.parametrize(
    ("options", "name", "problem"),
    [
        ({}, "localhost", "the certificate does not verify"),
        ({"ca": True}, "other.example", "the certificate does not verify: hostname mismatch"),
        ({"ca": True}, "", "TLS handshake: "),
    ],
)
def test_tls_refused(authority, options, name, problem):
    """An unknown authority, another name, no name."""
    context = net.client_context(ca_file=str(authority.authority) if options else None)
    with peer(tls_server(authority)) as wire, pytest.raises(WireError, match="(?i)" + problem):
        wire.start_tls(context, name, 5)


def test_no_tls_at_the_other_end():
    """Text instead of a handshake, and a hang-up in it."""
    for behave in (lambda conn: conn.sendall(b"220 hello there\r\n"), lambda conn: None):
        with peer(behave) as wire, pytest.raises(WireError, match=r"^TLS handshake: ") as told:
            wire.start_tls(net.client_context(), "localhost", 5)
        assert "\n" not in str(told.value)


def test_insecure_and_versions(authority):
    """Verification can be left out, and the versions be limited, old ones by name."""
    context = net.client_context(insecure=True, most="1.2")
    with peer(tls_server(authority)) as wire:
        assert wire.start_tls(context, "other.example", 5).version == "TLSv1.2"
    assert net.client_context(least="1.3").minimum_version is ssl.TLSVersion.TLSv1_3
    assert net.client_context(most="1.1").maximum_version is ssl.TLSVersion.TLSv1_1


@pytest.mark.parametrize(
    "options",
    [
        {"ca_file": "/no/such/file"},
        {"certificate": "/no/such/file"},
        {"keylog": "/no/such/folder/keys"},
        {"least": "1.3", "most": "1.2"},
    ],
)
def test_settings_that_cannot_be(options):
    """The file is named that cannot be used."""
    with pytest.raises(UsageError, match=r"/no/such|no version is left"):
        net.client_context(**options)


def test_our_own_certificate(authority):
    """A certificate with its key is taken."""
    assert net.client_context(certificate=str(authority.certificate), key=str(authority.key))


def test_a_listener():
    """On a free port, and not where somebody else is."""
    with net.Listener("127.0.0.1", 0) as listener:
        wire = net.connect("127.0.0.1", listener.port, timeout_s=5)
        accepted = listener.accept()
        accepted.write(b"220 hi\r\n", 5)
        assert wire.read(5) == b"220 hi\r\n"
        accepted.close()
        wire.close()
        with pytest.raises(WireError, match="cannot listen: address already in use"):
            net.Listener("127.0.0.1", listener.port)


def test_tls_as_the_server(authority):
    """A listener's connection goes on in TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate, authority.key)
    with net.Listener("127.0.0.1", 0) as listener:
        wire = net.connect("127.0.0.1", listener.port, timeout_s=5)
        accepted = listener.accept()
        serving = threading.Thread(target=accepted.start_tls_server, args=(context, 5))
        serving.start()
        facts = wire.start_tls(net.client_context(ca_file=str(authority.authority)), "localhost", 5)
        serving.join(5)
        accepted.close()
        wire.close()
    assert facts.version == "TLSv1.3"


@pytest.mark.parametrize("content", ["", "no PEM\n"])
def test_a_file_that_holds_no_certificate(tmp_path, content):
    """It is said in words, not in those of OpenSSL's source."""
    path = tmp_path / "own.pem"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"own\.pem: .* no certificate or no key in PEM form$"):
        net.client_context(certificate=str(path))
