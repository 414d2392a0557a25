"""A target that goes wrong while a session is played as it was sent, or in groups: the same clear outcome."""

from __future__ import annotations

from pathlib import Path

import pytest
from replay import faulty
from replay.test_faults import BROKEN, ONCE, SESSION, STEP
from support.command import Command

GROUPED = """\
# session: 1
S: 220 server.test ESMTP
C: EHLO client.test
S: 250-server.test
S: 250 PIPELINING
C: MAIL FROM:<alice@client.test>
C: RCPT TO:<bob@server.test>
C: DATA
S: 250 2.1.0 ok
S: 250 2.1.5 ok
S: 354 go on
C: Subject: once
C:
C: only-once
C: .
S: 250 2.0.0 queued as 4ABC99zz
C: QUIT
S: 221 2.0.0 bye
"""
OFFER = "250-server.test\r\n250 PIPELINING"
GROUPED_STEP = {"greeting": 1, "EHLO": 2, "MAIL": 3, "RCPT": 4, "DATA": 5, "content": 5, "QUIT": 6}


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim-neu")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "session.smtp"
    path.write_text(text)
    return path


def outcome_of(smtptrace: Command, server: faulty.Faulty, fault: str, *arguments: object):
    """The exit code and the only outcome."""
    patience = 0.6 if fault in ("hang", "trickle") else 20
    target = f"127.0.0.1:{server.port}"
    said = smtptrace("replay", "--json", "--timeout", patience, *arguments[:1], target, *arguments[1:])
    server.gone.wait(5)
    (outcome,) = said.objects("replay")
    return said.code, outcome


def check(server: faulty.Faulty, fault: str, step: int, code: int, outcome) -> None:
    """The step, the exit code, and that nothing went twice."""
    assert outcome["first_difference"] == step
    assert (code, outcome["verdict"]) == ((4, "broken") if fault in BROKEN else (1, "different"))
    assert outcome["steps"][step - 1]["detail"]
    assert server.connections == 1
    assert [octets for octets in ONCE if server.received.count(octets) > 1] == []


@pytest.mark.parametrize("fault", [*BROKEN, "4xx", "5xx"])
@pytest.mark.parametrize("place", faulty.PLACES)
def test_as_sent(smtptrace: Command, tmp_path: Path, place: str, fault: str) -> None:
    """Exit code 4 where the target broke, 1 where it refused."""
    with faulty.running(place, fault) as server:
        code, outcome = outcome_of(smtptrace, server, fault, write(tmp_path, SESSION), "--as-sent")
    check(server, fault, STEP[place], code, outcome)


@pytest.mark.parametrize("fault", [*BROKEN, "4xx", "5xx"])
@pytest.mark.parametrize("place", ["AUTH", "user", "password"])
def test_a_login_of_the_trace(smtptrace: Command, tmp_path: Path, place: str, fault: str) -> None:
    """The same with the octets of a recorded login."""
    with faulty.running(place, fault) as server:
        arguments = (write(tmp_path, SESSION), "--as-sent", "--use-recorded-credentials")
        code, outcome = outcome_of(smtptrace, server, fault, *arguments)
    check(server, fault, STEP[place], code, outcome)


@pytest.mark.parametrize("options", [(), ("--as-sent",)], ids=["meant", "sent"])
@pytest.mark.parametrize("fault", [*BROKEN, "4xx", "5xx"])
@pytest.mark.parametrize("place", GROUPED_STEP)
def test_in_groups(smtptrace: Command, tmp_path: Path, place: str, fault: str, options: tuple[str, ...]) -> None:
    """The step within the group is named, and no message goes to a target that refused a part of it."""
    with faulty.running(place, fault, **({} if place == "EHLO" else {"EHLO": OFFER})) as server:
        code, outcome = outcome_of(smtptrace, server, fault, write(tmp_path, GROUPED), *options)
    step = GROUPED_STEP[place]
    if fault == "reset" and place in ("RCPT", "DATA"):  # which may take back what was said just before
        assert 3 <= outcome["first_difference"] <= step
        step = outcome["first_difference"]
    check(server, fault, step, code, outcome)
    if place in ("RCPT", "DATA") and fault not in BROKEN:
        assert (b"only-once" in server.received) is (bool(options) and place == "RCPT")
