"""`smtptrace proxy` between the real clients and the real servers, beside dumpcap on the server's side."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import smtplib
import ssl
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.proxying import Running, proxying

from lab import clients, recorder
from lab.accounts import ALICE, GOOD_TOKEN
from lab.process import HOST, daemon, listens
from smtptrace.grammar import VERBS
from smtptrace.smtp import Session
from smtptrace.trace import Options, read

pytestmark = pytest.mark.lab

MESSAGE = b"From: alice@client.example\r\nTo: bob@lab.test\r\nSubject: relayed\r\n\r\n.one\r\n..\r\nend.\r\n"
HOW = ("clear", "starttls", "implicit")
IN_CLEAR = {"clear": "off", "starttls": "on", "implicit": "on"}

EXIM = ("PLAIN", "LOGIN", "CRAM-MD5", "NTLM")
CYRUS = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM")
DOVECOT = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER", "GSSAPI")

KNOWN_TO = {
    "curl": {"PLAIN", "LOGIN", "CRAM-MD5", "NTLM", "OAUTHBEARER", "GSSAPI"},
    "swaks": {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM"},
    "msmtp": {"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SCRAM-SHA-1", "SCRAM-SHA-256"},
    "smtplib": {"PLAIN", "LOGIN", "CRAM-MD5"},
}


@dataclasses.dataclass
class Course:
    """How a client is to go: where, with which mechanism, TLS how, trusting whom; `env` has alice's ticket."""

    port: int
    mechanism: str
    how: str
    authority: Path
    message: Path
    env: dict[str, str]


def curl(course: Course) -> bool:
    """By curl, which takes a token or a ticket too."""
    options: list[str | Path] = ["--login-options", f"AUTH={course.mechanism}", "-u", f"alice:{ALICE}"]
    if course.mechanism == "OAUTHBEARER":
        options = [*options[:2], "--oauth2-bearer", GOOD_TOKEN, "-u", "alice:"]
    elif course.mechanism == "GSSAPI":
        options = [*options[:2], "-u", "alice@LAB.TEST:"]
    options += ["--cacert", course.authority] + (["--ssl-reqd"] if course.how == "starttls" else [])
    scheme = "smtps" if course.how == "implicit" else "smtp"
    return clients.curl(course.port, *options, message=course.message, scheme=scheme, env=course.env).code == 0


def swaks(course: Course) -> bool:
    """By swaks."""
    tls: dict[str, list[str | Path]] = {"clear": [], "starttls": ["-tls"], "implicit": ["--tls-on-connect"]}
    verified = [*tls[course.how], "--tls-verify", "--tls-ca-path", course.authority] if tls[course.how] else []
    data = ["--data", f"@{course.message}"]
    return clients.swaks(course.port, *clients.login(course.mechanism), *data, *verified).code == 0


def msmtp(course: Course) -> bool:
    """By msmtp."""
    options = [f"--tls={IN_CLEAR[course.how]}", f"--tls-starttls={'on' if course.how == 'starttls' else 'off'}"]
    options += [f"--tls-trust-file={course.authority}"] if course.how != "clear" else []
    login = clients.msmtp_login(course.mechanism.lower())
    return clients.msmtp(course.port, *login, *options, message=course.message.read_bytes()).code == 0


def by_smtplib(course: Course) -> bool:
    """By Python's smtplib."""
    context = ssl.create_default_context(cafile=str(course.authority))
    made: smtplib.SMTP = (
        smtplib.SMTP_SSL("localhost", course.port, clients.HELO, timeout=20, context=context)
        if course.how == "implicit"
        else smtplib.SMTP(HOST, course.port, clients.HELO, timeout=20)
    )
    with made as client:
        if course.how == "starttls":
            client._host = "localhost"  # type: ignore[attr-defined]
            client.starttls(context=context)
        client.ehlo()
        client.user, client.password = "alice", ALICE  # type: ignore[attr-defined]
        answer = getattr(client, f"auth_{course.mechanism.lower().replace('-', '_')}")
        client.auth(course.mechanism, answer)
        return not client.sendmail(clients.SENDER, [clients.RECIPIENT], course.message.read_bytes())


CLIENTS: dict[str, Callable[[Course], bool]] = {"curl": curl, "swaks": swaks, "msmtp": msmtp, "smtplib": by_smtplib}

BEGINNINGS = {verb[:4] for verb in VERBS}
"""Of commands, as far as tshark names them."""
LEFT_OUT = {"time_ns", "frame", "start_ns", "end_ns", "connection"}


def facts(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All values within a record, each with the way to it; frames, times and endpoints left out."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name == "closes":  # the order is a matter of moments; where TLS ended, TCP may end in any way
                yield f"{name}.closes", bool(value.tls) or sorted((each.side, each.how.value) for each in value.closes)
            elif field.name not in LEFT_OUT:
                yield from facts(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, list | tuple):
        yield name, len(value)
        for number, each in enumerate(value):
            yield from facts(each, f"{name}[{number}]")
    else:
        yield name, value


def differences(ours: list[Session], theirs: list[Session]) -> list[tuple[str, Any, Any]]:
    """What is not equal in two lists of sessions."""
    one, two = dict(facts(ours)), dict(facts(theirs))
    return [(name, one.get(name), two.get(name)) for name in {**one, **two} if one.get(name) != two.get(name)]


def sessions(path: Path, keys: Path | None = None) -> list[Session]:
    """The sessions of a capture as they began."""
    found = [trace.session for trace in read(str(path), Options(keylog=str(keys) if keys else None))]
    return sorted(found, key=lambda session: session.start_ns or 0)


def shown(path: Path, decoded: str, *options: str) -> tuple[Counter[str], Counter[str]]:
    """The commands and replies that tshark shows, as often as it does; `decoded` is its option -d."""
    fields = ["-T", "fields", "-e", "smtp.req.command", "-e", "smtp.response.code", "-E", "occurrence=a"]
    argv = ["tshark", "-n", "-r", str(path), *options, "-d", decoded, "-Y", "smtp", *fields]
    out = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout
    rows = [line.split("\t") for line in out.splitlines()]
    words, codes = ([word for row in rows for word in row[at].split(",") if word] for at in (0, 1))
    # In TLS after STARTTLS tshark takes the responses of a login for commands, too.
    return Counter(word for word in words if word.upper() in BEGINNINGS), Counter(codes)


@pytest.fixture
def message(tmp_path: Path) -> Path:
    """What is sent."""
    path = tmp_path / "m.eml"
    path.write_bytes(MESSAGE)
    return path


@pytest.fixture
def well_known() -> Iterator[Callable[[int], int]]:
    """Puts a port on which TLS at once is taken for mail in front of another."""
    with contextlib.ExitStack() as stack:

        def before(port: int) -> int:
            chosen = next(each for each in (465, 475, 717, 2526) if not listens(each))
            argv = ["socat", f"TCP-LISTEN:{chosen},bind={HOST},fork,reuseaddr", f"TCP:{HOST}:{port}"]
            stack.enter_context(daemon(argv, Path(os.devnull), lambda: listens(chosen)))
            return chosen

        yield before


@pytest.fixture(params=["exim", "postfix", "cyrus"])
def server(request: pytest.FixtureRequest) -> tuple[dict[str, int], tuple[str, ...]]:
    """The ports of a server by how TLS begins there, and its mechanisms."""
    if request.param == "exim":
        exim = request.getfixturevalue("exim_server")
        return {"clear": exim.port, "starttls": exim.port, "implicit": exim.tls_port}, EXIM
    postfix = request.getfixturevalue("postfix_server")
    if request.param == "cyrus":
        return {"clear": postfix.cyrus_port, "starttls": postfix.cyrus_port}, CYRUS
    return {"clear": postfix.port, "starttls": postfix.port, "implicit": postfix.tls_port}, DOVECOT


def courses(relay: Running, how: str, mechanisms: tuple[str, ...], message: Path, env: dict[str, str]) -> Iterator[str]:
    """Have every client try every mechanism it knows; gives those that did not get through."""
    for name, client in CLIENTS.items():
        for mechanism in (each for each in mechanisms if each in KNOWN_TO[name]):
            if not client(Course(relay.port, mechanism, how, relay.authority, message, env)):
                yield f"{name} {mechanism}"


@pytest.mark.parametrize("how", HOW)
def test_the_recording_is_the_capture(request, server, how, lab_certificates, realm, message, tmp_path):
    """Every client gets through with every mechanism, and the recording gives the very sessions of dumpcap's capture.

    dumpcap listens between relay and server, and its TLS is opened with the relay's key log.
    """
    ports, mechanisms = server
    if how not in ports:
        pytest.skip("has no such port")
    if how == "implicit":
        ports["implicit"] = request.getfixturevalue("well_known")(ports["implicit"])
    capture, keys = tmp_path / "dumpcap.pcapng", tmp_path / "keys"
    options = ["--ca-file", lab_certificates.authority, "--keylog", keys]
    options += ["--listen-tls", "--upstream-tls"] if how == "implicit" else []
    with (
        recorder.recording(capture, ports[how]),
        proxying(tmp_path, f"localhost:{ports[how]}", *options) as relay,
    ):
        assert list(courses(relay, how, mechanisms, message, realm.env)) == []
    ours, theirs = sessions(relay.recording), sessions(capture, keys)
    assert differences(ours, theirs) == []
    assert all(session.complete and session.transactions for session in ours)
    assert all((session.tls is not None) is (how != "clear") for session in ours)
    commands, codes = shown(relay.recording, f"tcp.port=={ports[how]},smtp")
    decoded = f"{'tls' if how == 'implicit' else 'tcp'}.port=={ports[how]},smtp"
    assert (commands, codes) == shown(capture, decoded, "-o", f"tls.keylog_file:{keys}")
    assert codes["235"] == len(ours) == commands["AUTH"]


def test_a_certificate_of_the_upstream_that_nobody_vouches_for(exim_server, message, tmp_path):
    """The client is told, and its mail does not go in clear instead."""
    with proxying(tmp_path, f"localhost:{exim_server.port}") as relay:
        course = Course(relay.port, "PLAIN", "starttls", relay.authority, message, {})
        assert not curl(course)
    assert "certificate does not verify" in relay.reports()[0]["problem"]


@pytest.mark.parametrize("client", ["curl", "msmtp"])
def test_tls_that_is_passed_through(client, exim_server, lab_certificates, message, tmp_path):
    """The client verifies the server's own certificate; the recording is that of dumpcap without keys."""
    capture = tmp_path / "dumpcap.pcapng"
    with (
        recorder.recording(capture, exim_server.port),
        proxying(tmp_path, f"localhost:{exim_server.port}", "--passthrough") as relay,
    ):
        assert CLIENTS[client](Course(relay.port, "PLAIN", "starttls", lab_certificates.authority, message, {}))
    assert differences(sessions(relay.recording), sessions(capture)) == []
    assert relay.reports()[0]["tls"] == {"client": None, "upstream": None, "passed_through": True}
