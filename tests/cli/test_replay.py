"""`smtptrace replay`; how it fares at servers stands in tests/replay/."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from xml.etree import ElementTree

import pytest
from replay import faulty
from replay.scripts import LOGIN, SENDING
from support.command import Command

ELSEWHERE = "192.0.2.1"
"""An address of RFC 5737 that nobody has."""


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test connects to anything but this machine."""
    connect = socket.create_connection

    def guarded(address, *args, **kwargs):
        assert address[0] in ("127.0.0.1", "::1", "localhost"), address
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", guarded)


def write(tmp_path: Path, *texts: str) -> Path:
    path = tmp_path / "session.smtp"
    path.write_text("".join(f"# session: {number}\n{text}" for number, text in enumerate(texts, 1)))
    return path


def test_side_by_side(smtptrace: Command, tmp_path: Path) -> None:
    """Recorded against received, the first difference marked, and a verdict."""
    with faulty.running(RCPT="550 5.1.1 no \x1b[2Jsuch user") as server:
        said = smtptrace("replay", write(tmp_path, SENDING), f"127.0.0.1:{server.port}")
    assert said.code == 1
    assert "  > RCPT TO:<c@d>" in said.out
    assert "250 is now 550" in said.out
    assert "\\x1b[2Jsuch user" in said.out
    assert said.out.rstrip().split("\n")[-1].startswith("  different, ended early: the target took no recipient")


def test_dry_run_connects_to_nobody(smtptrace: Command, tmp_path: Path) -> None:
    """The plan, and what is still needed."""
    text = SENDING.replace("C: Subject: s\nC:\nC: text\n", "C: ${MESSAGE}\n")
    said = smtptrace("replay", "--dry-run", write(tmp_path, text), f"{ELSEWHERE}:25")
    assert said.code == 0
    assert "C: RCPT TO:<c@d>" in said.out
    for option in ("--content", "--send", "--allow-recipient"):
        assert f"{option}" in said.out


@pytest.mark.parametrize(
    ("mechanism", "shown"),
    [("PLAIN", ", with the credentials given"), ("GSSAPI", ", with a Kerberos ticket"), ("EXTERNAL", "")],
)
def test_a_login_in_the_plan(smtptrace: Command, tmp_path: Path, mechanism: str, shown: str) -> None:
    """Who logs in, and with what."""
    said = smtptrace("replay", "--dry-run", write(tmp_path, LOGIN), "127.0.0.1:1", "--auth", mechanism)
    assert f"  C: AUTH {mechanism} as alice{shown}\n" in said.out


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (SENDING, [], "--send"),
        (SENDING, ["--send"], "recipient 'c@d'"),
        (SENDING, ["--send", "--allow-recipient", "*@e"], "recipient 'c@d'"),
        (SENDING, ["--to", "me@test"], "--send"),
        (LOGIN, ["--send"], "--allow-plaintext-auth"),
        (LOGIN, ["--send", "--use-recorded-credentials"], "--allow-plaintext-auth"),
    ],
)
def test_refusals(smtptrace: Command, tmp_path: Path, monkeypatch, text: str, options: list[str], reason: str) -> None:
    """Nothing is sent to another machine without the options; the plan is shown."""
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    said = smtptrace("replay", write(tmp_path, text), f"{ELSEWHERE}:25", *options)
    assert (said.code, said.out) == (2, "")
    assert reason in said.err
    assert "nothing was sent" in said.err


@pytest.mark.parametrize(
    ("target", "options", "line"),
    [
        ("127.0.0.1:1", [], "MAIL FROM:<a@b>"),
        (ELSEWHERE, [], "MAIL FROM:<>"),
        (ELSEWHERE, ["--to", "me@test"], "MAIL FROM:<>"),
        (ELSEWHERE, ["--to", "a@b"], "MAIL FROM:<a@b>"),
        (ELSEWHERE, ["--allow-recipient", "a@b"], "MAIL FROM:<a@b>"),
        (ELSEWHERE, ["--from", "me@test"], "MAIL FROM:<me@test>"),
        (ELSEWHERE, ["--until", "rcpt"], "MAIL FROM:<a@b>"),
        ("127.0.0.1:1", ["--from", "<>"], "MAIL FROM:<>"),
        ("127.0.0.1:1", ["--against", ELSEWHERE], "MAIL FROM:<>"),
    ],
)
def test_nobody_is_told_of_a_message_who_was_not_allowed(
    smtptrace: Command, tmp_path: Path, target: str, options: list[str], line: str
) -> None:
    """A bounce of another machine would go to the recorded sender; the plan shows who takes the place."""
    for how in ([], ["--as-sent"]):
        said = smtptrace("replay", "--dry-run", write(tmp_path, SENDING), target, *options, *how)
        assert f"  C: {line}\n" in said.out
        assert ("the null sender for a@b" in said.out) is (line == "MAIL FROM:<>" and "--from" not in options)


def test_a_sender_that_cannot_stand_in_a_command(smtptrace: Command, tmp_path: Path) -> None:
    """It is refused."""
    said = smtptrace("replay", "--dry-run", write(tmp_path, SENDING), "127.0.0.1:1", "--from", "a@b\r\nDATA")
    assert (said.code, "--from 'a@b\\r\\nDATA': cannot stand in a command" in said.err) == (2, True)


def test_the_target_is_never_taken_from_the_trace(smtptrace: Command, tmp_path: Path) -> None:
    """It has to be named."""
    assert smtptrace("replay", write(tmp_path, "# server: 127.0.0.1:1\n" + SENDING)).code == 2


def test_the_secret_of_the_trace_is_not_sent(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """Unless it is asked for."""
    path = write(tmp_path, LOGIN)
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim-neu")
    for options, sent in ([], False), (["--use-recorded-credentials"], True):
        with faulty.running() as server:
            smtptrace("replay", path, f"127.0.0.1:{server.port}", *options)
        assert (b"c2VjcmV0MQ==" in server.received) is sent


def test_credentials_are_needed(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """No prompt, no variable: nothing is sent."""
    monkeypatch.delenv("SMTPTRACE_PASSWORD", raising=False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: (_ for _ in ()).throw(__import__("click").Abort()))
    with faulty.running() as server:
        said = smtptrace("replay", write(tmp_path, LOGIN), f"127.0.0.1:{server.port}")
        assert (said.code, server.connections) == (2, 0)


def test_one_password_is_for_one_user(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """Two users have to be replayed apart, or be named as one."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim-neu")
    path = write(tmp_path, LOGIN, LOGIN.replace("YWxpY2U=", "Ym9iYnk="))
    with faulty.running() as server:
        said = smtptrace("replay", "--all", path, f"127.0.0.1:{server.port}")
        assert (said.code, server.connections) == (2, 0)
        assert "alice, bobby" in said.err
        assert smtptrace("replay", "--all", path, f"127.0.0.1:{server.port}", "--user", "carol").code == 0
        assert server.received.count(b"Y2Fyb2w=") == 2


def test_the_second_target_has_its_own_password(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """That of the first never goes to it."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "first-one")
    monkeypatch.setenv("SMTPTRACE_PASSWORD_AGAINST", "second-one")
    with faulty.running() as one, faulty.running("MAIL", "5xx") as two:
        text = LOGIN.replace("C: QUIT\nS: 221 bye\n", "") + SENDING.partition("S: 250 SIZE\n")[2]
        arguments = ["replay", write(tmp_path, text), f"127.0.0.1:{one.port}", "--against", f"127.0.0.1:{two.port}"]
        said = smtptrace(*arguments, "--json")
        (outcome,) = said.objects("replay")
        assert (outcome["verdict"], outcome["against"]["verdict"], said.code) == ("same", "different", 1)
        assert outcome["between"]["first_difference"] == 4
        assert (b"Zmlyc3Qtb25l" in one.received, b"Zmlyc3Qtb25l" in two.received) == (True, False)
        assert b"c2Vjb25kLW9uZQ==" in two.received
        assert "the two targets" in smtptrace(*arguments).out


def test_many_sessions(smtptrace: Command, tmp_path: Path) -> None:
    """They have to be chosen; a table ends the run, which a difference may end early."""
    path = write(tmp_path, SENDING, SENDING.replace("c@d", "x@y"))
    with faulty.running() as server:
        target = f"127.0.0.1:{server.port}"
        assert "choose with -s" in smtptrace("replay", path, target).err
        assert server.connections == 0
        said = smtptrace("replay", "--all", path, target)
        assert (said.code, [line.split()[:2] for line in said.out.splitlines()]) == (
            0,
            [["session", "target"], ["2", target], ["20", target], ["2", "same"]],
        )
        assert server.received.count(b"RCPT") == 2
        assert smtptrace("replay", "-s", "77", path, target).code == 2
    with faulty.running("MAIL", "5xx") as server:
        said = smtptrace("replay", "--all", "--stop-on-difference", path, f"127.0.0.1:{server.port}")
        assert (said.code, server.connections) == (1, 1)
        assert "left out after a difference: 1" in said.err


def test_messages_have_a_cap(smtptrace: Command, tmp_path: Path) -> None:
    """More than ten in one run have to be asked for."""
    path = write(tmp_path, *[SENDING] * 11)
    with faulty.running() as server:
        target = f"127.0.0.1:{server.port}"
        said = smtptrace("replay", "--all", path, target)
        assert (said.code, server.connections) == (2, 0)
        assert smtptrace("replay", "--all", "--max-messages", 11, path, target).code == 0


def test_what_is_kept(smtptrace: Command, tmp_path: Path) -> None:
    """The run as a file for oneself, never over another one; JUnit for a test runner."""
    saved, report = tmp_path / "run.smtp", tmp_path / "run.xml"
    path = write(tmp_path, SENDING)
    with faulty.running() as server:
        target = f"127.0.0.1:{server.port}"
        assert smtptrace("replay", path, target, "--save", saved, "--junit", report).code == 0
        assert saved.stat().st_mode & 0o777 == 0o600
        again = smtptrace("replay", path, target, "--save", saved)
        assert (again.code, server.connections) == (2, 1)
        assert smtptrace("replay", path, target, "--save", tmp_path / "run.txt").code == 2
    assert smtptrace("list", "--json", saved).objects("session")[0]["transactions"][0]["outcome"] == "accepted"
    assert ElementTree.parse(report).getroot()[0].get("failures") == "0"


def test_what_is_put_in(smtptrace: Command, tmp_path: Path) -> None:
    """A file for the message, values for placeholders, another name and another recipient."""
    text = SENDING.replace("C: Subject: s\nC:\nC: text\n", "C: ${MESSAGE}\n").replace("<a@b>", "<${FROM}>")
    message = tmp_path / "m.eml"
    message.write_bytes(b"Subject: given\n\n.dot\n")
    options = ["--content", message, "--set", "FROM=me@test", "--helo", "new.test", "--to", "sink@test"]
    with faulty.running() as server:
        said = smtptrace("replay", write(tmp_path, text), f"127.0.0.1:{server.port}", *options)
    assert said.code == 0, said
    for octets in (
        b"EHLO new.test",
        b"MAIL FROM:<me@test>",
        b"RCPT TO:<sink@test>",
        b"Subject: given\r\n\r\n..dot\r\n.\r\n",
    ):
        assert octets in server.received
    assert smtptrace("replay", write(tmp_path, text), "127.0.0.1:1", "--set", "FROM").code == 2


def test_a_source_that_cannot_be_read(smtptrace: Command, tmp_path: Path) -> None:
    """Exit code 3, and nothing is sent."""
    assert smtptrace("replay", tmp_path / "none.pcap", "127.0.0.1:1").code == 3


def test_an_unknown_host(smtptrace: Command, tmp_path: Path) -> None:
    """Exit code 4; a dry run does without it."""
    name = "x" * 70 + ".test"
    assert smtptrace("replay", write(tmp_path, SENDING), name).code == 4
    assert smtptrace("replay", "--dry-run", write(tmp_path, SENDING), name).code == 0


def test_warnings(smtptrace: Command, tmp_path: Path) -> None:
    """What weakens the safety of a login is said."""
    with faulty.running() as server:
        said = smtptrace("replay", write(tmp_path, SENDING), f"127.0.0.1:{server.port}", "--insecure", "--ntlm-v1")
    assert "not verified" in said.err
    assert "NTLMv1" in said.err


def test_ntlm_without_pyspnego(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """It is said what to install, before anything is sent."""
    import sys

    monkeypatch.setitem(sys.modules, "spnego", None)
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim-neu")
    with faulty.running() as server:
        said = smtptrace("replay", write(tmp_path, LOGIN), f"127.0.0.1:{server.port}", "--auth", "NTLM", "--force-auth")
        assert (said.code, server.connections) == (4, 0)
    assert "install pyspnego" in said.err


@pytest.mark.parametrize("name", ["run.pcapng", "run.smtp"])
def test_nothing_is_left_where_nothing_was_sent(smtptrace: Command, tmp_path: Path, name: str) -> None:
    """What was refused leaves no empty recording, which would stand in the way of the next run."""
    path = tmp_path / name
    assert smtptrace("replay", write(tmp_path, SENDING), ELSEWHERE, "--save", path).code == 2
    assert not path.exists()


def test_a_password_is_not_read_where_it_would_be_shown(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """Without a terminal that can hide it nobody is asked."""
    monkeypatch.delenv("SMTPTRACE_PASSWORD", raising=False)
    monkeypatch.setattr("getpass.getpass", getpass.fallback_getpass)
    said = smtptrace("replay", write(tmp_path, LOGIN), "127.0.0.1:1")
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("type it at the prompt, or use --password-fd or SMTPTRACE_PASSWORD\n")
    assert "echoed" not in said.err
