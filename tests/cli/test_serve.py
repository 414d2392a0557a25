"""`smtptrace serve`: clients under test talk to the server of a recording."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import clients
from lab.accounts import ALICE
from replay.scripts import CHUNKED, LOGIN, SENDING
from support.command import Command
from support.data import CAPTURES


@dataclass
class Running:
    """A server that waits for its clients."""

    process: subprocess.Popen[str]
    port: int

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it said."""
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out + err


@contextlib.contextmanager
def serving(tmp_path: Path, source: Path, *options: object) -> Iterator[Running]:
    """Start it on a free port."""
    port_file = tmp_path / "port"
    argv = [sys.executable, "-m", "smtptrace", "serve", source, "--once", "--port-file", port_file, *options]
    with subprocess.Popen(
        [str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while not port_file.exists() and process.poll() is None:
                time.sleep(0.02)
            yield Running(process, int(port_file.read_text()))
        finally:
            process.kill()


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


@pytest.mark.lab
@pytest.mark.parametrize(
    ("name", "options", "accepted"),
    [
        ("cyrus-ntlm-accepted", clients.login("NTLM"), True),
        ("exim-ntlm-refused", clients.login("NTLM"), False),
        ("postfix-login-refused", clients.login("LOGIN"), False),
        ("postfix-plain-accepted", clients.login("PLAIN"), True),
    ],
)
def test_swaks_gets_through(tmp_path: Path, name: str, options, accepted: bool) -> None:
    """The recorded challenges, and the recorded end."""
    with serving(tmp_path, CAPTURES / f"{name}.pcapng") as server:
        run = clients.swaks(server.port, *options)
        assert (run.code == 0) is accepted, run.output
        code, said = server.end()
    assert code == 0, said


@pytest.mark.lab
def test_curl_gets_through(tmp_path: Path) -> None:
    """The recorded challenge of NTLM, and a message."""
    message = tmp_path / "m.eml"
    message.write_bytes(b"Subject: s\r\n\r\nhello\r\n")
    with serving(tmp_path, CAPTURES / "cyrus-ntlm-accepted.pcapng") as server:
        options = ("--login-options", "AUTH=NTLM", "-u", f"alice:{ALICE}")
        run = clients.curl(server.port, *options, message=message)
        assert run.code == 0, run.output
        code, said = server.end()
    assert code == 0, said


@pytest.mark.lab
@pytest.mark.parametrize(("password", "code"), [(ALICE, 0), ("wrong", 1)])
def test_gsasl_gets_through_scram(tmp_path: Path, monkeypatch, password: str, code: int) -> None:
    """The challenges are made anew, with the password that is given; the client checks the server's proof."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
    with serving(tmp_path, CAPTURES / "postfix-scram-sha-256-accepted.pcapng") as server:
        run = clients.gsasl(server.port, "SCRAM-SHA-256", password=password)
        assert ("235" in run.output) is (code == 0), run.output
        assert server.end()[0] == code


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
    monkeypatch.setenv("SMTPTRACE_PASSWORD", ALICE)
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
    assert smtptrace("serve", path, "--listen", "192.0.2.1:2525", "--once").code == 4
    assert smtptrace("serve", path, "--port-file", tmp_path / "no" / "port").code == 2
    (tmp_path / "session.smtp").write_text("# session: 1\nC: EHLO a\n")
    assert smtptrace("serve", path).code == 2


def test_the_example_of_the_docs(tmp_path: Path) -> None:
    """It runs as it stands there."""
    text = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
    (tmp_path / "test_example.py").write_text(text.partition("```python\n")[2].partition("```")[0])
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    run = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in run.stdout, run.stdout + run.stderr


def test_an_object_a_connection(smtptrace: Command, tmp_path: Path) -> None:
    """For machines."""
    with serving(tmp_path, write(tmp_path, SENDING), "--json") as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.ehlo("a")
        said = server.end()[1]
    assert '"schema":"smtptrace.serve/1"' in said
    assert "never heard: MAIL" in said
