"""A target that goes wrong in any step: a clear outcome with the step, in time, and nothing sent twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from replay import faulty
from replay.scripts import CHUNKED
from support.command import Command

SESSION = """\
# session: 1
S: 220 server.test ESMTP
C: EHLO client.test
S: 250-server.test
S: 250-SIZE 1000000
S: 250-AUTH LOGIN PLAIN
S: 250 STARTTLS
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YWxpY2U=
S: 334 UGFzc3dvcmQ6
C: c2VjcmV0MQ==
S: 235 2.7.0 welcome
C: MAIL FROM:<alice@client.test> SIZE=100
S: 250 2.1.0 ok
C: RCPT TO:<bob@server.test>
S: 250 2.1.5 ok
C: DATA
S: 354 go on
C: Subject: once
C:
C: only-once
C: .
S: 250 2.0.0 queued as 4ABC99zz
C: QUIT
S: 221 2.0.0 bye
"""
STEP = {
    "greeting": 1,
    "EHLO": 2,
    "AUTH": 3,
    "user": 3,
    "password": 3,
    "MAIL": 4,
    "RCPT": 5,
    "DATA": 6,
    "content": 6,
    "QUIT": 7,
}
BROKEN = ("hang", "close", "reset", "half", "trickle", "endless", "flood", "garbage")
ONCE = (b"EHLO ", b"AUTH ", b"MAIL ", b"RCPT ", b"DATA\r\n", b"only-once", b"\r\n.\r\n", b"QUIT\r\n")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The session as a file, the password in the environment."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim-neu")
    path = tmp_path / "session.smtp"
    path.write_text(SESSION)
    return path


def test_without_a_fault_it_is_the_same(smtptrace: Command, source: Path) -> None:
    """The very same replies, and the new password instead of the old one."""
    with faulty.running() as server:
        said = smtptrace("replay", source, f"127.0.0.1:{server.port}", "--match", "text", "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["verdict"], outcome["first_difference"]) == (0, "same", None)
    assert b"Z2VoZWltLW5ldQ==" in server.received
    assert b"c2VjcmV0MQ==" not in server.received
    assert outcome["steps"][5]["normalised"] == ["queue-id"]


@pytest.mark.parametrize("fault", [*BROKEN, "4xx", "5xx"])
@pytest.mark.parametrize("place", faulty.PLACES)
def test_a_fault_is_found_in_its_step(smtptrace: Command, source: Path, place: str, fault: str) -> None:
    """Exit code 4 where the target broke, 1 where it refused; each command and the message at most once."""
    patience = 0.6 if fault in ("hang", "trickle") else 20
    with faulty.running(place, fault) as server:
        said = smtptrace("replay", source, f"127.0.0.1:{server.port}", "--timeout", patience, "--json")
        server.gone.wait(5)
    (outcome,) = said.objects("replay")
    assert outcome["first_difference"] == STEP[place]
    assert (said.code, outcome["verdict"]) == ((4, "broken") if fault in BROKEN else (1, "different"))
    assert outcome["steps"][STEP[place] - 1]["detail"]
    assert server.connections == 1
    assert [octets for octets in ONCE if server.received.count(octets) > 1] == []
    assert "\x1b" not in said.err


@pytest.mark.parametrize("fault", [*BROKEN, "4xx", "5xx"])
def test_a_fault_between_chunks(smtptrace: Command, tmp_path: Path, fault: str) -> None:
    """No further chunk goes out, and none twice."""
    path = tmp_path / "chunks.smtp"
    path.write_text("# session: 1\n" + CHUNKED)
    with faulty.running("BDAT", fault, EHLO="250-server.test\r\n250 CHUNKING", BDAT="250 ok") as server:
        said = smtptrace("replay", path, f"127.0.0.1:{server.port}", "--json", "--timeout", 1, "--exact-content")
        server.gone.wait(5)
    (outcome,) = said.objects("replay")
    assert outcome["first_difference"] == 5
    assert said.code == (4 if fault in BROKEN else 1)
    assert server.received.count(b"BDAT ") == 1


def test_no_message_goes_where_none_is_wanted(smtptrace: Command, source: Path) -> None:
    """After a refused DATA, or without a recipient, the content stays here."""
    for place in ("RCPT", "DATA"):
        with faulty.running(place, "5xx") as server:
            smtptrace("replay", source, f"127.0.0.1:{server.port}")
        assert b"only-once" not in server.received


def test_content_is_awaited_where_the_recording_has_none(smtptrace: Command, tmp_path: Path) -> None:
    """A 354 that the recording did not have gets no empty message: the connection is closed."""
    path = tmp_path / "refused.smtp"
    path.write_text("# session: 1\nS: 220 hi\nC: HELO a\nS: 250 hi\nC: DATA\nS: 503 no\nC: QUIT\nS: 221 bye\n")
    with faulty.running(HELO="250 hi") as server:
        said = smtptrace("replay", path, f"127.0.0.1:{server.port}", "--json")
        server.gone.wait(5)
    assert said.code == 1
    assert server.received == b"HELO a\r\nDATA\r\n"


def test_nobody_listens(smtptrace: Command, source: Path) -> None:
    """Exit code 4, and the reason stands at the greeting."""
    with faulty.running() as server:
        port = server.port
    said = smtptrace("replay", source, f"127.0.0.1:{port}", "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"]) == (4, 1)
    assert "refused" in outcome["steps"][0]["detail"]


def test_octets_before_tls_are_not_taken_into_it(smtptrace: Command, source: Path) -> None:
    """A target that speaks on before the handshake is not trusted."""
    with faulty.running(STAR="220 go\r\n250 injected") as server:
        said = smtptrace("replay", source, f"127.0.0.1:{server.port}", "--tls", "starttls", "--insecure", "--json")
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"]) == (4, 3)
    assert "before TLS" in outcome["steps"][2]["detail"]


def test_tls_that_fails(smtptrace: Command, source: Path) -> None:
    """A target that says 220 and then no TLS: exit code 4 at STARTTLS, no credentials in clear."""
    with faulty.running("MAIL", "close", STAR="220 go") as server:
        said = smtptrace(
            "replay", source, f"127.0.0.1:{server.port}", "--tls", "starttls", "--insecure", "--json", "--timeout", 0.5
        )
    (outcome,) = said.objects("replay")
    assert (said.code, outcome["first_difference"]) == (4, 3)
    assert b"AUTH" not in server.received


def test_starttls_that_is_not_offered(smtptrace: Command, source: Path) -> None:
    """No fall back: the session ends there."""
    with faulty.running(EHLO="250 server.test") as server:
        said = smtptrace("replay", source, f"127.0.0.1:{server.port}", "--tls", "starttls", "--json")
        server.gone.wait(5)
    assert said.code == 1
    assert "STARTTLS" in said.objects("replay")[0]["stopped"]
    assert server.received == b"EHLO client.test\r\nQUIT\r\n"
