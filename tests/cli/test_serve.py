"""`smtptrace serve`: clients under test talk to the server of a recording."""

from __future__ import annotations

import base64
import json
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lab.accounts import ALICE
from lab.served import serving
from replay.scripts import CHUNKED, LOGIN, SENDING
from support.command import Command
from support.data import CAPTURES

from smtptrace.trace import read


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "session.smtp"
    path.write_text("# session: 1\n" + text)
    return path


def test_smtplib_sends(tmp_path: Path) -> None:
    """Other names and another message than recorded are taken, and kept."""
    saved = tmp_path / "run.smtp"
    with serving(tmp_path, write(tmp_path, SENDING), "--save", saved) as server:
        with smtplib.SMTP("127.0.0.1", server.port, local_hostname="other.test") as client:
            assert client.sendmail("x@y", ["z@w", "v@w"], "Subject: other\r\n\r\n.dot\r\n") == {}
        assert server.end()[0] == 0
    assert "C: Subject: other" in saved.read_text()
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_client_that_leaves_the_script(tmp_path: Path) -> None:
    """Exit code 1, and what it was."""
    with serving(tmp_path, write(tmp_path, SENDING)) as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            assert client.ehlo()[0] == 250
            assert client.docmd("VRFY", "bob")[0] == 502
        code, said = server.end()
    assert code == 1
    assert "not recorded: VRFY bob" in said
    assert "never heard: MAIL" in said


def test_strict(tmp_path: Path) -> None:
    """The very lines."""
    with serving(tmp_path, write(tmp_path, SENDING), "--strict") as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            assert client.docmd("EHLO", "b")[0] == 502
            assert client.docmd("EHLO", "a")[0] == 250
        assert server.end()[0] == 1


def test_chunks(tmp_path: Path) -> None:
    """BDAT takes as many octets as it says."""
    with serving(tmp_path, write(tmp_path, CHUNKED)) as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.ehlo("a")
            client.mail("a@b")
            client.rcpt("c@d")
            client.send(b"BDAT 4\r\nQUITBDAT 6 LAST\r\nQUIT\r\n")
            assert [client.getreply()[0], client.getreply()[0]] == [250, 250]
        assert server.end()[0] == 0


def test_starttls_with_the_authority_of_this_run(tmp_path: Path) -> None:
    """A client that verifies is content."""
    authority = tmp_path / "ca.pem"
    clear = "S: 220 mx.own.test hi\nC: EHLO a\nS: 250-hi\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
    text = clear + "# tls: opened=yes\nC: EHLO a\nS: 250 hi\nC: QUIT\nS: 221 bye\n"
    with serving(tmp_path, write(tmp_path, text), "--ca-out", authority) as server:
        context = ssl.create_default_context(cafile=str(authority))
        with smtplib.SMTP("localhost", server.port) as client:
            client.ehlo("a")
            assert client.starttls(context=context)[0] == 220
            client.ehlo("a")
        assert server.end()[0] == 0


def test_a_login_of_smtplib(tmp_path: Path) -> None:
    """Any password is as good as the recorded one; a refused login stays refused."""
    for reply, fails in (("235 ok", False), ("535 5.7.8 no", True)):
        (tmp_path / "port").unlink(missing_ok=True)
        with serving(tmp_path, write(tmp_path, LOGIN.replace("235 ok", reply))) as server:
            with smtplib.SMTP("127.0.0.1", server.port) as client:
                if fails:
                    with pytest.raises(smtplib.SMTPAuthenticationError, match=r"5\.7\.8"):
                        client.login("x", "y")
                else:
                    assert client.login("x", "y")[0] == 235
            assert server.end()[0] == 0


SERVED = [
    "exim-bdat",
    "exim-pipelining",
    "exim-starttls-login",
    "postfix-implicit-tls",
    "postfix-login-refused",
    "postfix-scram-sha-256-accepted",
    "postfix-recipient-refused",
]


@pytest.mark.parametrize("name", SERVED)
def test_replay_and_serve_are_each_other_s_mirror(smtptrace: Command, tmp_path: Path, monkeypatch, name: str) -> None:
    """What is replayed at the server of its own recording is the same to the letter."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)  # of both sides
    source, authority = CAPTURES / f"{name}.pcapng", tmp_path / "ca.pem"
    keys = ["--keylog", source.with_suffix(".keys")] if source.with_suffix(".keys").exists() else []
    with serving(tmp_path, source, "--ca-out", authority, *keys) as server:
        target = f"localhost:{server.port}"
        said = smtptrace("replay", source, target, "--ca-file", authority, "--match", "text", "--json", *keys)
        code, told = server.end()
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["verdict"], code) == (0, "same", 0), (said, told)


def test_what_cannot_be_served(smtptrace: Command, tmp_path: Path) -> None:
    """A file that is none, a reply that is none, an address that is not ours."""
    path = write(tmp_path, SENDING)
    assert smtptrace("serve", tmp_path / "none").code == 3
    assert smtptrace("serve", path, "--unrecorded", "no").code == 2
    assert smtptrace("serve", path, "--unrecorded", "354 go").code == 2
    assert smtptrace("serve", path, "--match", "who").code == 2
    assert smtptrace("serve", path, "--listen", "192.0.2.1:2525", "--once").code == 4
    assert smtptrace("serve", path, "--port-file", tmp_path / "no" / "port").code == 2
    (tmp_path / "session.smtp").write_text("# session: 1\nC: EHLO a\n")
    assert smtptrace("serve", path).code == 2


def test_an_object_a_connection(tmp_path: Path) -> None:
    """For machines."""
    with serving(tmp_path, write(tmp_path, SENDING), "--json") as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.sendmail("x@y", ["z@w"], "hello")
            client.docmd("VRFY", "bob")
        said = server.end()[1]
    (found,) = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert (found["schema"], found["number"], found["session"], found["commands"]) == ("smtptrace.serve/1", 1, "2", 6)
    assert [each["size"] for each in found["messages"]] == [7]
    assert (found["deviations"], found["broken"]) == (["not recorded: VRFY bob"], None)


def several(tmp_path: Path, *texts: str) -> Path:
    path = tmp_path / "several.smtp"
    path.write_text("".join(f"# session: {at}\n{text}\n" for at, text in enumerate(texts)))
    return path


def test_clients_at_once_and_what_each_said(tmp_path: Path) -> None:
    """Each gets the session of its name, in whatever order they come; what was received is kept by connection."""
    source = several(tmp_path, SENDING, SENDING.replace("EHLO a", "EHLO b").replace("250 SIZE", "250 OTHER"))
    saved = tmp_path / "run.smtp"
    with serving(tmp_path, source, "--match", "helo", "--save", saved) as server:
        with (
            smtplib.SMTP("127.0.0.1", server.port, local_hostname="b") as second,
            smtplib.SMTP("127.0.0.1", server.port, local_hostname="a") as first,
        ):
            for client, offered in ((first, "size"), (second, "other")):
                client.ehlo()
                assert client.has_extn(offered)
            second.sendmail("second@y", ["z@w"], "hi")
            first.sendmail("first@y", ["z@w"], "hi")
        assert server.end()[0] == 0
    kept = {each.session.helo: each.session.transactions[0].reverse_path for each in read(str(saved))}
    assert kept == {b"a": b"first@y", b"b": b"second@y"}


def test_a_session_that_nobody_came_for(tmp_path: Path) -> None:
    """Nobody is waited for without end; exit code 1, for a test runner too."""
    report = tmp_path / "report.xml"
    source = several(tmp_path, "S: 220 hi\nC: NOOP\nS: 250 ok\n", "S: 220 hi\nC: EHLO a\nS: 250 hi\n")
    with serving(tmp_path, source, "--wait", "0.7", "--junit", report) as server:
        socket.create_connection(("127.0.0.1", server.port)).close()
        code, said = server.end()
    assert (code, "session 7: never played" in said) == (1, True)
    (suite,) = ElementTree.parse(report).getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["2", "1", "0"]
    assert report.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_is_ended_by_a_signal(tmp_path: Path, number: int) -> None:
    """With the report and the verdict on those who came."""
    report = tmp_path / "report.xml"
    with serving(tmp_path, write(tmp_path, SENDING), "--junit", report, once=False) as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.docmd("VRFY", "bob")
        assert b"left the script" in server.process.stdout.buffer.readline()  # type: ignore[union-attr]
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.docmd("VRFY", "eve")
            server.process.send_signal(number)
            code, said = server.end()
            client.sock.close()
    assert (code, "Traceback" in said) == (1, False)
    assert "not recorded: VRFY bob" in report.read_text()
    assert "not recorded: VRFY eve" in report.read_text()


@pytest.mark.parametrize(
    ("choice", "reply"), [("refuse", 502), ("close", 421), ("accept", 252), ("550 5.7.1 no", 550), ("421 gone", 421)]
)
def test_what_is_not_recorded(tmp_path: Path, choice: str, reply: int) -> None:
    """It is as one chooses."""
    with serving(tmp_path, write(tmp_path, "S: 220 hi\nC: QUIT\nS: 221 bye\n"), "--unrecorded", choice) as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            assert client.docmd("VRFY", "bob")[0] == reply
        assert server.end()[0] == (0 if choice == "accept" else 1)


@pytest.mark.parametrize(
    "octets",
    [
        b"x" * 300_000,
        b"\0\xff\xfe" * 50_000,
        b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nno end",
        b"EHLO a\r\n" + b"RCPT TO:<u@v>\r\n" * 10_000 + b"QUIT\r\n",
        b"BDAT 99999999999999999 LAST\r\n",
        b"STARTTLS\r\n\x16\x03\x01\xff\xff",
        b"AUTH LOGIN\r\n\r\n=\r\n*\r\nAUTH\r\nAUTH \r\n",
    ],
)
def test_a_client_out_of_its_mind(tmp_path: Path, octets: bytes) -> None:
    """It is an outcome."""
    with serving(tmp_path, write(tmp_path, SENDING), "--timeout", "5") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            try:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except OSError:
                pass  # it was cut off
        code, said = server.end()
    assert code in (1, 4)
    assert "Traceback" not in said


def test_passwords_come_from_where_they_may(tmp_path: Path) -> None:
    """And are checked then."""
    for password, code in (("geheim", 0), ("other", 1)):
        with serving(tmp_path, write(tmp_path, LOGIN), password="geheim") as server:
            with smtplib.SMTP("127.0.0.1", server.port) as client:
                client.ehlo()
                assert client.docmd("AUTH LOGIN", "eA==")[0] == 334
                reply, _ = client.docmd(base64.b64encode(password.encode()).decode())
                assert reply == (535 if code else 235)
            assert server.end()[0] == code


def test_the_examples_of_the_docs(tmp_path: Path) -> None:
    """They run as they stand there."""
    text = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
    (tmp_path / "refused.smtp").write_text(text.partition("```smtp\n")[2].partition("```")[0])
    (tmp_path / "test_example.py").write_text(text.partition("```python\n")[2].partition("```")[0])
    argv = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider"]
    run = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in run.stdout, run.stdout + run.stderr
