"""`smtptrace proxy` as its users start it; record/ tests what it does in between."""

from __future__ import annotations

import io
import signal
import smtplib
import socket
import ssl
import stat
import sys
import time

import pytest
from support import load, sink
from support.proxying import proxying

from smtptrace.certificates import new_authority
from smtptrace.cli import _proxy_text
from smtptrace.cli._place import listening_place, write_whole
from smtptrace.cli._voice import Voice
from smtptrace.errors import UsageError
from smtptrace.net import server_context
from smtptrace.record.authority import LEAF, LIFE
from smtptrace.record.settings import Report
from smtptrace.trace import Options, read
from smtptrace.wire import Endpoint


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """A server that takes everything and offers STARTTLS; `authority` is the file that vouches for it."""
    authority = new_authority("upstream", LIFE)
    context = server_context(authority.issue(("localhost", "127.0.0.1"), LEAF))
    with sink.running(context) as server:
        server.authority = tmp_path_factory.mktemp("upstream") / "ca.pem"
        server.authority.write_bytes(authority.certificate)
        server.name = f"127.0.0.1:{server.port}"
        yield server


def test_an_application_goes_through(tmp_path, upstream):
    """In clear and with STARTTLS; its messages arrive, and the recording tells all of it."""
    with proxying(tmp_path, upstream.name, "--ca-file", upstream.authority, "--keylog", tmp_path / "keys") as relay:
        trusting = ssl.create_default_context(cafile=str(relay.authority))
        for context in (None, trusting):
            with smtplib.SMTP("127.0.0.1", relay.port, timeout=10) as client:
                if context:
                    client.ehlo()
                    client.starttls(context=context)
                    client.login("alice", "open sesame")
                client.sendmail("a@x.test", "b@y.test", "Subject: hello\r\n\r\nworld\r\n")
        relay.end(signal.SIGINT)
    assert relay.code == 0
    assert "2 connections, 2 messages accepted" in relay.err
    assert [each["tls"]["client"] for each in relay.reports()] == [None, "TLSv1.3"]
    assert relay.reports()[1]["logins"] == [{"mechanism": "PLAIN", "code": 235}]
    assert "open sesame" not in relay.out + relay.err
    for path in (relay.recording, tmp_path / "keys", tmp_path / "ca" / "authority.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" in (tmp_path / "keys").read_bytes()
    clear, opened = read(str(relay.recording))
    assert len(clear.session.transactions) == len(opened.session.transactions) == 1
    assert opened.session.tls and opened.session.tls.opened and opened.credentials[0].tls


@pytest.mark.parametrize(("sni", "verified"), [("localhost", True), ("elsewhere.test", False)])
def test_the_upstream_is_verified(tmp_path, upstream, sni, verified):
    """Unless --insecure says otherwise, with a warning."""
    for more in ((), ("--insecure",)):
        folder = tmp_path / str(len(more))
        folder.mkdir()
        with proxying(folder, upstream.name, "--ca-file", upstream.authority, "--sni", sni, *more) as relay:
            with smtplib.SMTP("127.0.0.1", relay.port, timeout=10) as client:
                client.ehlo()
                if verified or more:
                    client.starttls(context=ssl.create_default_context(cafile=str(relay.authority)))
                else:
                    with pytest.raises(smtplib.SMTPResponseException, match="does not verify"):
                        client.starttls()
                    client.close()
            relay.end()
        assert ("WARNING: the server's certificate is not verified" in relay.err) is bool(more)


def test_a_certificate_of_the_users(tmp_path, upstream):
    """Is shown to clients instead of ours."""
    mine = new_authority("mine", LIFE)
    (tmp_path / "mine.pem").write_bytes(mine.certificate)
    pair = mine.issue(("relay.test",), LEAF)
    certificate, _, key = pair.partition(b"-----BEGIN PRIVATE KEY-----\n")
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\n" + key)
    options = ("--cert", tmp_path / "cert.pem", "--key", tmp_path / "key.pem", "--listen-tls")
    with proxying(tmp_path, upstream.name, *options) as relay:
        context = ssl.create_default_context(cafile=str(tmp_path / "mine.pem"))
        raw = socket.create_connection(("127.0.0.1", relay.port), 10)
        with context.wrap_socket(raw, server_hostname="relay.test") as client:
            assert client.recv(100).startswith(b"220")


def test_fast(tmp_path, upstream):
    """Everything is in the file in the end."""
    with proxying(tmp_path, upstream.name, "--fast") as relay:
        outcome = load.deliver(relay.port, 3, 1000, 3)
    assert not outcome.problems
    taken = [each.session.transactions[0].content for each in read(str(relay.recording), Options())]
    assert sorted(each.sha256 for each in taken if each) == sorted(outcome.acknowledged)


def test_nobody_reads_what_it_says(monkeypatch):
    """A standard output that is broken ends nothing, and nobody waits for it."""

    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Broken())
    with Voice() as voice:
        for _ in range(20_000):
            voice.out("x")


def test_too_many_lines_are_dropped(monkeypatch):
    """And counted; the rest comes in its order."""
    voice = Voice()
    for number in range(10_005):
        voice.out(str(number))
    assert voice.dropped == 5
    monkeypatch.setattr("sys.stdout", io.StringIO())
    with voice:
        while voice._lines.qsize():
            time.sleep(0.01)
    assert sys.stdout.getvalue().splitlines()[-1] == "9999"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("127.0.0.1", ("127.0.0.1", 0)),
        ("127.0.0.1:2525", ("127.0.0.1", 2525)),
        ("2525", ("127.0.0.1", 2525)),
        (":2525", ("127.0.0.1", 2525)),
        ("0", ("127.0.0.1", 0)),
        ("[::1]:2525", ("::1", 2525)),
        ("[::1]:0", ("::1", 0)),
        ("::1", ("::1", 0)),
        ("localhost:1", ("localhost", 1)),
        ("0.0.0.0:25", ("0.0.0.0", 25)),
    ],
)
def test_where_to_listen(text, place):
    """A port alone is one of this machine; without one any that is free will do."""
    assert listening_place(text) == place


@pytest.mark.parametrize("text", ["", "host:", "a b:25", "127.0.0.1:65536"])
def test_where_nobody_can_listen(text):
    """Is a mistake of usage."""
    with pytest.raises(UsageError):
        listening_place(text)


def test_a_file_is_written_whole_or_not(tmp_path):
    """One that cannot be written is a mistake of usage."""
    write_whole(tmp_path / "port", b"25\n")
    assert [path.name for path in tmp_path.iterdir()] == ["port"]
    with pytest.raises(UsageError, match="cannot be written"):
        write_whole(tmp_path / "absent" / "port", b"25\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--key", "k"), "--key needs --cert"),
        (("--cert", "c", "--ca-out", "o"), "--ca-out: with --cert"),
        (("--passthrough", "--listen-tls"), "--listen-tls: with --passthrough"),
        (("--passthrough", "--keylog", "k"), "--keylog: with --passthrough"),
        (("--passthrough", "--cert", "c"), "--cert: with --passthrough"),
        (("--allow-client", "10.0.0.0/33"), "no network"),
        (("--cert", "/absent/cert"), "cannot be read"),
        (("--ca-file", "/absent/ca"), "cannot be used for TLS"),
        (("--tls-min", "1.3", "--tls-max", "1.2"), "no version is left"),
        (("--listen", "127.0.0.1:99999"), "there is no port 99999"),
    ],
)
def test_what_cannot_be(smtptrace, tmp_path, options, said):
    """Is said on one line, and nothing is made."""
    result = smtptrace("proxy", "--upstream", "127.0.0.1:25", "-w", tmp_path / "w", "--ca-folder", tmp_path, *options)
    assert result.code == 2
    assert said in result.err
    assert not (tmp_path / "w").exists()


def test_nobody_can_listen_where_somebody_does(smtptrace, tmp_path):
    """Exit code 4."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        options = ("--listen", place, "-w", tmp_path / "w", "--ca-folder", tmp_path)
        result = smtptrace("proxy", "--upstream", "127.0.0.1:25", *options)
    assert result.code == 4
    assert "cannot listen: address already in use" in result.err
    assert not (tmp_path / "w").exists()


def test_everybody_is_warned_of(tmp_path, upstream):
    """A relay that others reach says so, unless it lets only some in."""
    for more in ((), ("--allow-client", "127.0.0.0/8")):
        folder = tmp_path / str(len(more))
        folder.mkdir()
        with proxying(folder, upstream.name, "--listen", "0.0.0.0:0", *more) as relay:
            relay.end()
        assert ("WARNING: everybody" in relay.err) is not bool(more)


def test_what_is_said_of_a_connection():
    """One line, and what went wrong on another."""
    report = Report(7, Endpoint("::1", 40000), 0, 1.5)
    assert list(_proxy_text.row(report, as_json=False)) == ["7 [::1]:40000: clear, 0 messages, 0/0 octets, 1.50 s"]
    report.tls, report.problem = ["TLSv1.3", None], "bad \x1b end"
    report.tally.refused = 2
    assert list(_proxy_text.row(report, as_json=False)) == [
        "7 [::1]:40000: TLSv1.3 / clear, 0 messages, 2 refused, 0/0 octets, 1.50 s",
        "    bad \\x1b end",
    ]
    report.sealed = True
    assert "TLS passed through" in next(_proxy_text.row(report, as_json=False))
