"""The lab itself: its servers take what they are for, and its clients and recorder show it."""

import signal
import subprocess
import sys

import pytest

from lab import __main__ as entry
from lab import aiosmtpd_server, clients, recorder, scripted
from lab.accounts import ALICE, GOOD_TOKEN
from lab.fixtures import or_skip
from lab.process import PROJECT, need_free
from lab.terminal import terminal

pytestmark = pytest.mark.lab

MESSAGE = b"From: alice@client.example\r\nTo: bob@lab.test\r\nSubject: lab\r\n\r\nHello.\r\n"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "NTLM"])
def test_exim_takes_its_mechanisms(exim_server, mechanism):
    """Exim accepts alice and refuses a wrong password with 535."""
    assert clients.swaks(exim_server.port, *clients.login(mechanism)).code == 0
    refused = clients.swaks(exim_server.port, *clients.login(mechanism, password="wrong"))
    assert refused.code != 0
    assert "535" in refused.output


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_postfix_with_dovecot_takes_its_mechanisms(postfix_server, mechanism):
    """Dovecot accepts alice and refuses a wrong password."""
    assert "235" in clients.gsasl(postfix_server.port, mechanism).output
    assert "235" not in clients.gsasl(postfix_server.port, mechanism, password="wrong").output


def test_postfix_with_dovecot_takes_a_ticket(postfix_server, realm):
    """curl logs in with alice's Kerberos ticket."""
    options = ("--login-options", "AUTH=GSSAPI", "-u", "alice@LAB.TEST:")
    assert "235 2.7.0" in clients.curl(postfix_server.port, *options, env=realm.env).output


@pytest.mark.parametrize(("token", "code"), [(GOOD_TOKEN, "235"), ("lab-bad-token", "535")])
def test_postfix_with_dovecot_takes_a_token(postfix_server, token, code):
    """The good token is accepted, another one is not."""
    options = ("--login-options", "AUTH=OAUTHBEARER", "--oauth2-bearer", token, "-u", "alice:")
    assert f"< {code} " in clients.curl(postfix_server.port, *options).output


@pytest.mark.parametrize("mechanism", ["PLAIN", "NTLM"])
def test_postfix_with_cyrus_takes_its_mechanisms(postfix_server, mechanism):
    """Cyrus SASL accepts alice."""
    assert clients.swaks(postfix_server.cyrus_port, *clients.login(mechanism)).code == 0


def test_starttls_with_the_authority_of_the_lab(exim_server, lab_certificates):
    """A client that verifies the certificate is content with it."""
    run = clients.swaks(exim_server.port, "-tls", "--tls-verify", "--tls-ca-path", lab_certificates.authority)
    assert run.code == 0, run.output


def test_a_key_log_opens_a_recording(exim_server, lab_certificates, tmp_path):
    """tshark reads what curl said inside TLS with the keys that curl wrote."""
    message, keys, capture = tmp_path / "m.eml", tmp_path / "keys", tmp_path / "c.pcapng"
    message.write_bytes(MESSAGE)
    with recorder.recording(capture, exim_server.port):
        run = clients.curl(
            exim_server.port,
            "--ssl-reqd",
            "--cacert",
            lab_certificates.authority,
            message=message,
            env={"SSLKEYLOGFILE": str(keys)},
        )
    assert run.code == 0, run.output
    argv = ["tshark", "-r", capture, "-o", f"tls.keylog_file:{keys}", "-d", f"tcp.port=={exim_server.port},smtp"]
    shown = subprocess.run([*argv, "-Y", "smtp.req.command"], capture_output=True, text=True, check=True).stdout
    assert "MAIL FROM" in shown


def test_aiosmtpd_keeps_what_it_takes(tmp_path):
    """A message that curl sends is there, octet by octet."""
    message = tmp_path / "m.eml"
    message.write_bytes(MESSAGE)
    with aiosmtpd_server.running() as server:
        run = clients.curl(server.port, "--login-options", "AUTH=LOGIN", "-u", f"alice:{ALICE}", message=message)
    assert run.code == 0, run.output
    assert server.handler.messages == [MESSAGE]


def test_msmtp_logs_in(postfix_server):
    """msmtp takes the password from a command."""
    run = clients.msmtp(postfix_server.port, *clients.msmtp_login("scram-sha-256"), "--tls=off", message=MESSAGE)
    assert run.code == 0, run.output


def test_a_scripted_server_refuses():
    """It says what it was told to."""
    with scripted.running(scripted.replies("554 no service here", "221 bye")) as server:
        assert "554 no service here" in clients.swaks(server.port).output


def test_a_person_types_at_telnet(exim_server):
    """Keys pressed at a telnet window reach the server as a line."""
    with terminal("telnet", "127.0.0.1", str(exim_server.port)) as window:
        window.wait_for(rb"220 .*\n")
        window.type(b"NOOP\rQUIT\r")
        window.wait_for(rb"221 .*\n")
    assert b"250 OK" in window.screen


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_lab_leaves_no_server(number):
    """However it is told to end, nobody listens any more."""
    ports = (entry.EXIM, entry.POSTFIX, entry.CYRUS)
    with or_skip():
        need_free(*ports)
    argv = [sys.executable, "-m", "lab"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=PROJECT / "tests") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Exim: 2525")
        second = subprocess.run(argv, capture_output=True, text=True, cwd=PROJECT / "tests", check=False)
        process.send_signal(number)
        assert process.wait(60) == 0
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("lab: somebody listens on 2525, ")
    need_free(*ports)
