"""Real clients as applications under test, at the server of a recording.

swaks knows no SCRAM, and curl only where it was built with libgsasl: they are served a SCRAM trace by what they know,
and gsasl and msmtp, and such a curl, log in with SCRAM itself.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.data import CAPTURES

from lab import clients
from lab.accounts import ALICE
from lab.served import serving

pytestmark = pytest.mark.lab

MESSAGE = b"Subject: s\r\n\r\nhello\r\n"
Client = Callable[[int, str, str, Path], clients.Run]


def curl(port: int, mechanism: str, password: str, folder: Path) -> clients.Run:
    message = folder / "m.eml"
    message.write_bytes(MESSAGE)
    options = ("--login-options", f"AUTH={mechanism}", "-u", f"alice:{password}")
    return clients.curl(port, *options, message=message)


def swaks(port: int, mechanism: str, password: str, _folder: Path) -> clients.Run:
    return clients.swaks(port, *clients.login(mechanism, password=password))


def msmtp(port: int, mechanism: str, password: str, _folder: Path) -> clients.Run:
    options = clients.msmtp_login(mechanism.lower(), password=password)
    return clients.msmtp(port, *options, "--tls=off", message=MESSAGE)


def gsasl(port: int, mechanism: str, password: str, _folder: Path) -> clients.Run:
    return clients.gsasl(port, mechanism, password=password)


ACCEPTED = [
    ("cyrus-ntlm-accepted", "NTLM", curl),
    ("cyrus-ntlm-accepted", "NTLM", swaks),
    ("exim-ntlm-accepted", "NTLM", curl),
    ("exim-ntlm-accepted", "NTLM", swaks),
    ("postfix-plain-accepted", "PLAIN", curl),
    ("postfix-plain-accepted", "PLAIN", swaks),
    ("postfix-plain-accepted", "PLAIN", msmtp),
    ("postfix-login-accepted", "LOGIN", curl),
    ("postfix-login-accepted", "LOGIN", swaks),
    ("postfix-cram-md5-accepted", "CRAM-MD5", curl),
    ("postfix-cram-md5-accepted", "CRAM-MD5", swaks),
    ("postfix-cram-md5-accepted", "CRAM-MD5", msmtp),
]


@pytest.mark.parametrize(("name", "mechanism", "client"), ACCEPTED)
@pytest.mark.parametrize("password", ["", ALICE])
def test_a_login_that_was_accepted(tmp_path, name: str, mechanism: str, client: Client, password: str) -> None:
    """With the recorded challenges, and with challenges made anew for the password that is given."""
    with serving(tmp_path, CAPTURES / f"{name}.pcapng", "--unrecorded", "accept", password=password) as server:
        run = client(server.port, mechanism, ALICE, tmp_path)
        code, said = server.end()
    assert (run.code, code) == (0, 0), run.output + said


@pytest.mark.parametrize(("name", "mechanism", "client"), ACCEPTED)
def test_a_wrong_password(tmp_path, name: str, mechanism: str, client: Client) -> None:
    """Is found out by what the client answers to a new challenge."""
    with serving(tmp_path, CAPTURES / f"{name}.pcapng", password=ALICE) as server:
        run = client(server.port, mechanism, "wrong", tmp_path)
        code, said = server.end()
    assert run.code != 0
    assert code == 1, said
    assert "the password that the client has is not the one given here" in said


@pytest.mark.parametrize("client", [curl, swaks])
@pytest.mark.parametrize("password", ["", ALICE])
@pytest.mark.parametrize(("name", "mechanism"), [("exim-ntlm-refused", "NTLM"), ("postfix-login-refused", "LOGIN")])
def test_a_failing_login(tmp_path, name: str, mechanism: str, client: Client, password: str) -> None:
    """It fails as it did, however right the password is; that is the script."""
    with serving(tmp_path, CAPTURES / f"{name}.pcapng", password=password) as server:
        run = client(server.port, mechanism, ALICE, tmp_path)
        code, said = server.end()
    assert run.code != 0
    assert "535" in run.output
    assert code == 0, said


SCRAM = CAPTURES / "postfix-scram-sha-256-accepted.pcapng"


@pytest.mark.parametrize("client", [gsasl, msmtp, curl])
def test_scram(tmp_path, client: Client) -> None:
    """Both sides prove that they know the password."""
    if client is curl and b"gsasl" not in subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout:
        pytest.skip("this curl was built without libgsasl, and knows no SCRAM")
    with serving(tmp_path, SCRAM, "--unrecorded", "accept", password=ALICE) as server:
        run = client(server.port, "SCRAM-SHA-256", ALICE, tmp_path)
        code, said = server.end()
    assert (run.code, code) == (0, 0), run.output + said


@pytest.mark.parametrize("client", [gsasl, msmtp])
@pytest.mark.parametrize(("here", "why"), [("", "--password-fd gives it"), ("wrong", "is not the one given here")])
def test_scram_without_the_right_password(tmp_path, client: Client, here: str, why: str) -> None:
    """The client is not taken in; and it is said why, beforehand or afterwards."""
    with serving(tmp_path, SCRAM, password=here) as server:
        assert client(server.port, "SCRAM-SHA-256", ALICE, tmp_path).code != 0
        _, said = server.end()
    assert why in said


@pytest.mark.parametrize("client", [curl, swaks])
def test_a_scram_trace_and_clients_that_do_not_know_it(tmp_path, client: Client) -> None:
    """They get through by what the recorded server offered besides, and are said to have left the script."""
    with serving(tmp_path, SCRAM, "--unrecorded", "accept", password=ALICE) as server:
        run = client(server.port, "PLAIN", ALICE, tmp_path)
        code, said = server.end()
    assert run.code == 0, run.output
    assert (code, "never heard: AUTH SCRAM-SHA-256" in said) == (1, True)


def test_tls_at_once(tmp_path: Path) -> None:
    """curl trusts the authority of this run and no other."""
    keys, authority = CAPTURES / "postfix-implicit-tls.keys", tmp_path / "ca.pem"
    options = ("--keylog", keys, "--ca-out", authority, "--unrecorded", "accept")
    with serving(tmp_path, CAPTURES / "postfix-implicit-tls.pcapng", *options, once=False) as server:
        assert clients.curl(server.port, scheme="smtps").code == 60
        run = clients.curl(server.port, "--cacert", authority, scheme="smtps")
        assert run.code == 0, run.output


def test_starttls(tmp_path: Path) -> None:
    """swaks verifies the certificate, and logs in behind it."""
    keys, authority = CAPTURES / "exim-starttls-login.keys", tmp_path / "ca.pem"
    options = ("--keylog", keys, "--ca-out", authority, "--unrecorded", "accept")
    with serving(tmp_path, CAPTURES / "exim-starttls-login.pcapng", *options, password=ALICE) as server:
        verifying = ("-tls", "--tls-verify", "--tls-ca-path", authority)
        run = clients.swaks(server.port, *verifying, *clients.login("LOGIN"))
        code, said = server.end()
    assert (run.code, code) == (0, 0), run.output + said
