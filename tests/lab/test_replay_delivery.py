"""Replay at servers of the lab that speak LMTP or stand behind a proxy, and of many sessions at once."""

from __future__ import annotations

import smtplib
import threading
from pathlib import Path

import pytest
from support.command import Command

from lab import clients, recorder, stored
from lab.process import HOST

pytestmark = pytest.mark.lab

MESSAGE = b"From: <a@client.example>\r\nSubject: delivery\r\n\r\n.dot\r\nlast line\r\n"
SESSION = """\
# session: 1
# client: 203.0.113.9:40001
S: 220 mail.lab.test ESMTP
C: EHLO client.example
S: 250 mail.lab.test
C: MAIL FROM:<alice@client.example>
S: 250 ok
C: RCPT TO:<bob@lab.test>
S: 250 ok
C: DATA
S: 354 go
C: Subject: forwarded
C:
C: text
C: .
S: 250 ok
C: QUIT
S: 221 bye
"""


def deliver(port: int) -> None:
    """A message to alice, to somebody who does not exist, and to bob, whose mailbox is broken."""
    with smtplib.LMTP(HOST, port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail("a@client.example")
        codes = [client.rcpt(f"{name}@lab.test")[0] for name in ("alice", "nobody.such", "bob")]
        assert codes == [250, 550, 250]
        code, _ = client.data(MESSAGE)
        assert (code, client.getreply()[0]) == (250, 451)


def test_lmtp(smtptrace: Command, lmtp_server, tmp_path: Path) -> None:
    """What was recorded meets the same reply for each recipient, and is stored as it was."""
    capture = tmp_path / "lmtp.pcapng"
    with recorder.recording(capture, lmtp_server.port):
        deliver(lmtp_server.port)
    stored.forget(lmtp_server.mail)
    words = ["replay", capture, f"localhost:{lmtp_server.port}", "--json"]
    said = smtptrace(*words, "--exact-content")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["verdict"]) == (0, "same"), said
    (content,) = (step for step in outcome["steps"] if step["verb"] == "DATA")
    assert content["codes"] == {"recorded": [250, 451], "received": [250, 451]}
    assert stored.added([MESSAGE], lmtp_server.mail) <= set(stored.TRACE_FIELDS)
    said = smtptrace(*words, "--to", "alice@lab.test")
    assert (said.code, said.objects("replay")[0]["first_difference"]) == (1, 5)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("kind", ["exim", "postfix"])
def test_a_proxy_header(smtptrace: Command, exim_server, postfix_server, tmp_path, kind: str, version: str) -> None:
    """The server stores the address of the client that was recorded; without the header it says nothing."""
    server = {"exim": exim_server, "postfix": postfix_server}[kind]
    source = tmp_path / "session.smtp"
    source.write_text(SESSION)
    stored.forget(server.mail)
    words = ["replay", source, f"127.0.0.1:{server.proxy_port}", "--exact-content"]
    assert smtptrace(*words, "--proxy-header", version).code == 0
    stored.added([b"Subject: forwarded\r\n\r\ntext\r\n"], server.mail)
    (message,) = server.mail.glob("new/*")
    assert "[203.0.113.9]" in message.read_text().partition("\n\n")[0]
    assert smtptrace(*words, "--timeout", 1).code == 4


@pytest.mark.parametrize("mode", [("--tls", "none"), ("--tls", "starttls"), ("--as-sent",)], ids=" ".join)
def test_xclient(smtptrace: Command, postfix_server, lab_certificates, tmp_path, mode: tuple[str, ...]) -> None:
    """Postfix believes it where it offers it; where it does not, the run ends there."""
    source = tmp_path / "session.smtp"
    source.write_text(SESSION)
    stored.forget(postfix_server.mail)
    options = ["--xclient", "--exact-content", "--json", *mode, "--ca-file", lab_certificates.authority]
    options += ["--client-address", "2001:db8::9"]
    said = smtptrace("replay", source, f"localhost:{postfix_server.xclient_port}", *options)
    assert (said.code, said.objects("replay")[0]["verdict"]) == (0, "same"), said
    stored.added([b"Subject: forwarded\r\n\r\ntext\r\n"], postfix_server.mail)
    (message,) = postfix_server.mail.glob("new/*")
    assert "[IPv6:2001:db8::9]" in message.read_text().partition("\n\n")[0]
    said = smtptrace("replay", source, f"localhost:{postfix_server.port}", *options)
    assert (said.code, said.objects("replay")[0]["first_difference"]) == (1, 3)


def test_many_sessions_at_once(smtptrace: Command, exim_server, tmp_path: Path) -> None:
    """Three swaks that ran at once, and one after them: all are the same, and all their messages are stored."""
    capture = tmp_path / "many.pcapng"
    with recorder.recording(capture, exim_server.port):
        threads = [threading.Thread(target=clients.swaks, args=(exim_server.port,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clients.swaks(exim_server.port)
    stored.forget(exim_server.mail)
    report, saved = tmp_path / "report.xml", tmp_path / "run.pcapng"
    words = ["replay", "--all", capture, f"localhost:{exim_server.port}", "--junit", report, "--save", saved]
    said = smtptrace(*words, "--exact-content")
    assert (said.code, said.out.splitlines()[-1]) == (0, "4 same"), said
    assert report.read_text().count("<testsuite ") == 4
    sessions = smtptrace("list", "--json", saved).objects("session")
    assert [each["transactions"][0]["outcome"] for each in sessions] == ["accepted"] * 4
    digests = {
        path: {each["transactions"][0]["sha256"] for each in smtptrace("list", "--json", path).objects("session")}
        for path in (saved, capture)
    }
    assert digests[saved] == digests[capture]
