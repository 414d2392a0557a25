"""`connect` at a real terminal: keys on a pty, Exim and Postfix at the other end."""

from __future__ import annotations

import base64
import contextlib
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import scripted
from lab.accounts import ALICE, GOOD_TOKEN
from lab.terminal import Terminal, terminal

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")
"""The child of the fork becomes another program at once."""

BACKSPACE, TAB, UP, CTRL_D = b"\x7f", b"\t", b"\x1b[A", b"\x04"


@contextlib.contextmanager
def console(port: int, *options: object) -> Iterator[Terminal]:
    """The console on a pty, before its greeting."""
    with terminal(sys.executable, "-m", "smtptrace", "connect", f"localhost:{port}", *map(str, options)) as shown:
        yield shown


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that answers no questions, and no password but the typed one."""
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    monkeypatch.setenv("TERM", "xterm")
    for name in ("SMTPTRACE_PASSWORD", "SMTPTRACE_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def says(shown: Terminal, line: bytes, answer: bytes) -> None:
    """Type a line, and wait for what comes after it."""
    shown.type(line + b"\r")
    shown.wait_for(answer)


def secrets(password: str) -> list[bytes]:
    """The forms in which a password goes over the wire."""
    plain = password.encode()
    return [plain, base64.b64encode(plain), base64.b64encode(b"\0alice\0" + plain)]


@pytest.mark.lab
def test_a_session_with_exim_over_starttls(exim_server, lab_certificates, tmp_path: Path) -> None:
    """Handshake, hidden password, a message; the password is nowhere but in the mind of the user."""
    saved, history = tmp_path / "talk.pcapng", tmp_path / "history"
    options = ("--ca-file", lab_certificates.authority, "--save", saved, "--history", history)
    with console(exim_server.port, *options) as shown:
        shown.wait_for(rb"S: 220 exim\.lab\.test")
        says(shown, b"ehlo me.test", rb"250 .*HELP|250-STARTTLS")
        says(shown, b"starttls", rb"TLS: TLS 1\.[23](?s:.*)certificate of CN=lab\.test(?s:.*)say EHLO again")
        says(shown, b"ehlo me.test", rb"250.HELP")
        says(shown, b"auth login", rb"User")
        says(shown, b"alice", rb"Password of alice at localhost")
        says(shown, ALICE.encode(), rb"S: 235 ")
        says(shown, b"mail from:<alice@lab.test>", rb"S: 250 ")
        says(shown, b"rcpt to:<bob@lab.test>", rb"S: 250 ")
        says(shown, b"data", rb"now the message")
        says(shown, b"Subject: by hand\r", rb"C: ")
        says(shown, b".dot", rb"one more dot was sent")
        says(shown, b".", rb"S: 250 (?s:.*)the server has taken the message as ")
        shown.type(CTRL_D)
        shown.wait_for(rb"saved in\s(?s:.*)talk\.pcapng")
    for secret in secrets(ALICE):
        assert secret not in shown.screen
        assert secret not in history.read_bytes()
        assert secret not in saved.read_bytes()
    assert (saved.stat().st_mode | history.stat().st_mode) & 0o777 == 0o600
    assert b"+auth login" in history.read_bytes()
    told = subprocess.run(
        [sys.executable, "-m", "smtptrace", "show", saved], capture_output=True, text=True, check=True
    ).stdout
    assert "TLS begins, TLS 1.3" in told
    assert "S: 235" in told


@pytest.mark.lab
def test_keys_edit_and_complete_with_postfix(postfix_server) -> None:
    """Backspace takes away before it is sent; Tab goes on from the offer; Up brings back."""
    with console(postfix_server.port) as shown:
        shown.wait_for(rb"S: 220 ")
        says(shown, b"ehlx" + BACKSPACE + b"o me.test", rb"S: 250 CHUNKING")
        shown.type(b"auth cr")
        shown.type(TAB)
        shown.wait_for(rb"am-md5")
        says(shown, b"", rb"User")
        says(shown, b"alice", rb"Password")
        says(shown, ALICE.encode(), rb"S: 334 (?s:.*)= <(?s:.*)= alice \*\*\*\*(?s:.*)S: 235 ")
        shown.type(b"mail from:<a@lab.test> si")
        shown.type(TAB)
        says(shown, b"10", rb"S: 250 2\.1\.0")
        shown.type(UP)
        shown.wait_for(rb"size=10")
        says(shown, b"", rb"S: 503 5\.5\.1(?s:.*)503: ")
        shown.type(CTRL_D)
        shown.wait_for(rb"S: 221 ")
    for secret in secrets(ALICE):
        assert secret not in shown.screen


@pytest.mark.lab
def test_keys_that_are_pressed_too_early_are_neither_shown_nor_lost() -> None:
    """Whoever types ahead of the server does not type a password onto the screen."""
    answers = ("220 hi", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome", "221 bye")
    with scripted.running(scripted.replies(*answers)) as server, console(server.port) as shown:
        shown.wait_for(rb"S: 220 hi")
        shown.type(b"auth login\ralice\rLooking-glass7\r")
        shown.type(CTRL_D)
        shown.wait_for(rb"S: 221 bye")
    assert b"S: 235 welcome" in shown.screen
    assert not re.search(rb"Lo|gl|ss7", shown.screen)


@pytest.mark.lab
def test_a_token(postfix_server) -> None:
    """It is asked for as one, and hidden as a password is."""
    with console(postfix_server.port, "--user", "alice") as shown:
        shown.wait_for(rb"S: 220 ")
        says(shown, b"auth xoauth2", rb"Token of alice")
        says(shown, GOOD_TOKEN.encode(), rb"S: 235 ")
    assert GOOD_TOKEN.encode() not in shown.screen


@pytest.mark.lab
def test_a_wrong_password_is_explained(postfix_server) -> None:
    """With its cause and the fix for this kind of server."""
    with console(postfix_server.port, "--user", "alice") as shown:
        shown.wait_for(rb"S: 220 ")
        says(shown, b"auth plain", rb"Password")
        says(shown, b"nonsense", rb"S: 535 (?s:.*)5\.7\.8: (?s:.*)wrong-credentials(?s:.*)doveadm")


@pytest.mark.lab
def test_tls_from_the_first_octet(postfix_server, lab_certificates) -> None:
    """With --tls, verified; and without the authority not at all."""
    with console(postfix_server.tls_port, "--tls", "--ca-file", lab_certificates.authority) as shown:
        shown.wait_for(rb"TLS: TLS 1\.3(?s:.*)S: 220 ")
    with console(postfix_server.tls_port, "--tls") as shown:
        shown.wait_for(rb"the certificate does not verify(?s:.*)--ca-file FILE")


@pytest.mark.lab
def test_a_421_is_shown_while_the_prompt_stands() -> None:
    """Above the line that is being typed; then the end of the connection ends the session."""

    typed, shown_421 = threading.Event(), threading.Event()

    def behave(conn) -> None:
        conn.sendall(b"220 hi\r\n")
        typed.wait(20)
        conn.sendall(b"421 4.4.2 idle too long\r\n")
        shown_421.wait(20)

    with scripted.running(behave) as server, console(server.port) as shown:
        shown.wait_for(rb"S: 220 hi")
        shown.type(b"MAIL FR")
        typed.set()
        shown.wait_for(rb"S: 421 4\.4\.2 idle too long(?s:.*)without being asked")
        shown_421.set()
        shown.wait_for(rb"the server closed the connection")


@pytest.mark.lab
def test_escape_sequences_of_the_server_stay_outside() -> None:
    """What it says is text."""
    with scripted.running(scripted.replies("220 \x1b]0;owned\x07 \x1b[2J")) as server, console(server.port) as shown:
        shown.wait_for(re.escape(rb"\x1b]0;owned\x07 \x1b[2J"))
    assert b"\x1b]0;owned" not in shown.screen


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_the_record_is_kept_when_the_terminal_goes(tmp_path: Path, number: int) -> None:
    """A closed window or a shutdown ends the session, and what was said is there."""
    saved = tmp_path / "talk.smtp"
    with scripted.running(scripted.replies("220 hi", "250 here")) as server:
        argv = [sys.executable, "-m", "smtptrace", "connect", f"localhost:{server.port}", "--save", str(saved)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"NOOP\n")
            process.stdin.flush()
            while b"250 here" not in process.stdout.readline():
                pass
            process.send_signal(number)
            assert process.wait(20) == 128 + number
    assert "S: 250 here" in saved.read_text()
