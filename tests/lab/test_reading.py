"""What is recorded here and now is read as it happened: by the word of the client, and of the server that took it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

from lab import aiosmtpd_server, clients, recorder

pytestmark = pytest.mark.lab

MESSAGE = b"Subject: dots\r\n\r\n.one\r\n..two\r\n.\x20\r\nlast line of \xc3\xbcber\r\n"


def listed(capture):
    """The sessions of a recording."""
    argv = [sys.executable, "-m", "smtptrace", "list", "--json", str(capture)]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return [item for item in map(json.loads, lines) if item["schema"] == "smtptrace.session/1"]


def test_a_digest_is_that_of_what_the_server_took(tmp_path):
    """aiosmtpd keeps the octets it took; ours are the same, dots and all."""
    message, capture = tmp_path / "m.eml", tmp_path / "c.pcapng"
    message.write_bytes(MESSAGE)
    with aiosmtpd_server.running() as server, recorder.recording(capture, server.port):
        assert clients.curl(server.port, message=message).code == 0
    (session,) = listed(capture)
    assert server.handler.messages == [MESSAGE]
    assert [t["sha256"] for t in session["transactions"]] == [hashlib.sha256(MESSAGE).hexdigest()]


@pytest.mark.parametrize(("password", "outcome", "code"), [(clients.ALICE, "accepted", 235), ("x", "rejected", 535)])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "NTLM"])
def test_a_login_at_exim_is_read(exim_server, tmp_path, mechanism, password, outcome, code):
    """Mechanism, outcome and code are those that swaks saw."""
    capture = tmp_path / "c.pcapng"
    with recorder.recording(capture, exim_server.port):
        run = clients.swaks(exim_server.port, *clients.login(mechanism, password=password))
    assert str(code) in run.output
    (session,) = listed(capture)
    assert [(login["mechanism"], login["outcome"], login["code"]) for login in session["auth"]] == [
        (mechanism, outcome, code)
    ]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256", "DIGEST-MD5", "CRAM-MD5"])
def test_a_login_at_postfix_is_read(postfix_server, tmp_path, mechanism):
    """The mechanisms of Dovecot, as gsasl speaks them."""
    capture = tmp_path / "c.pcapng"
    with recorder.recording(capture, postfix_server.port):
        clients.gsasl(postfix_server.port, mechanism)
    (session,) = listed(capture)
    assert [(login["mechanism"], login["outcome"]) for login in session["auth"]] == [(mechanism, "accepted")]
