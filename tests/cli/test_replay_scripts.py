"""`smtptrace replay` of scripts: as sent, with values, once a row, at a recorded pace."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from replay import faulty
from replay.scripts import LOGIN, SENDING
from support.command import Command

ELSEWHERE = "192.0.2.1:25"
"""An address of RFC 5737 that nobody has."""
TYPED = """\
# session: 1
S: 220 hi
C: EHLLO\\x08\\x08O a
S: 500 what
C: ehlo  a\\x0a\\
S: 250 hi
C: MAIL FROM:<a@b>
C: RCPT TO:<c@d>
S: 250 ok
S: 250 ok
C: DATA
S: 354 go
C: bare\\x0a\\
C: .x
C: .
S: 250 ok
C: QUIT
S: 221 bye
"""


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test connects to anything but this machine."""
    connect = socket.create_connection

    def guarded(address, *args, **kwargs):
        assert address[0] in ("127.0.0.1", "::1", "localhost"), address
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", guarded)


def write(tmp_path: Path, text: str, name: str = "session.smtp") -> Path:
    path = tmp_path / name
    path.write_text(text if text.startswith("# session") or name != "session.smtp" else "# session: 1\n" + text)
    return path


def test_as_sent(smtptrace: Command, tmp_path: Path) -> None:
    """The same octets, typing errors, bare LF and all."""
    with faulty.running(EHLL="500 what") as server:
        said = smtptrace("replay", "--as-sent", write(tmp_path, TYPED), f"127.0.0.1:{server.port}")
    assert said.code == 0, said
    expected = b"EHLLO\x08\x08O a\r\nehlo  a\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nbare\n.x\r\n.\r\nQUIT\r\n"
    assert server.received == expected


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (TYPED, ["--allow-recipient", "*"], "--send"),
        (TYPED, ["--send"], "recipient 'c@d'"),
        (TYPED.replace("<c@d>", "<c@d"), ["--send", "--allow-recipient", "*"], "--allow-ambiguous"),
        (TYPED.replace("<c@d>", "<c@d"), ["--send", "--to", "me@lab"], "--allow-ambiguous"),
        (TYPED.replace("C: .x", "C: .\\x0a\\"), ["--send", "--allow-recipient", "*"], "--allow-ambiguous"),
        (LOGIN, ["--send", "--use-recorded-credentials"], "--allow-plaintext-auth"),
        (LOGIN.replace("C: QUIT", "C: c2VjcmV0MQ==\nS: 500 what\nC: QUIT"), ["--send"], "holds a secret of the trace"),
    ],
)
def test_refusals(smtptrace: Command, tmp_path: Path, monkeypatch, text, options, reason) -> None:
    """Octets as they were go nowhere else without the options."""
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    said = smtptrace("replay", "--as-sent", write(tmp_path, text), ELSEWHERE, *options)
    assert (said.code, said.out) == (2, "")
    assert reason in said.err
    assert "c2VjcmV0MQ==" not in said.err


def test_a_login_as_sent_is_made_anew(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """Unless the octets of the trace are asked for."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "geheim-neu")
    path = write(tmp_path, LOGIN)
    for options, sent in ([], False), (["--use-recorded-credentials"], True):
        with faulty.running() as server:
            said = smtptrace("replay", "--as-sent", path, f"127.0.0.1:{server.port}", "--json", *options)
        assert (said.code, b"c2VjcmV0MQ==" in server.received) == (0, sent)
        plan = smtptrace("replay", "--as-sent", "--dry-run", path, "127.0.0.1:1", *options).out
        assert (", with the octets of the trace" in plan, ", with the credentials given" in plan) == (sent, not sent)
        assert "c2VjcmV0MQ==" not in said.out


def test_expectations_and_values(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """Codes of several kinds, a value of a reply, one of the command line, a secret one: sent, and never shown."""
    text = """\
C: EHLO ${NAME}
# expect: 2xx
C: VRFY ${env:LAB_WORD}
# expect: 250|252 text=fine
C: MAIL FROM:<a@b>
# set: WORD from "2.1.0 (\\w+)"
C: NOOP ${WORD}
C: QUIT
"""
    monkeypatch.setenv("LAB_WORD", "kennwort")
    saved, report = tmp_path / "run.smtp", tmp_path / "run.xml"
    with faulty.running(VRFY="252 2.5.2 fine a2VubndvcnQ= kennwort", MAIL="250 2.1.0 okay kennwort") as server:
        target = f"127.0.0.1:{server.port}"
        options = ["--set", "NAME=me.test", "--junit", report]
        said = smtptrace("replay", write(tmp_path, text), target, *options, "--save", saved)
        assert (said.code, server.received) == (
            0,
            b"EHLO me.test\r\nVRFY kennwort\r\nMAIL FROM:<a@b>\r\nNOOP okay\r\nQUIT\r\n",
        )
        plain = smtptrace("replay", write(tmp_path, text), target, "--json", "--match", "text", *options)
    with faulty.running(VRFY="kennwort") as server:
        broken = smtptrace("replay", write(tmp_path, text), f"127.0.0.1:{server.port}", *options, "--json")
    assert broken.code == 4
    for shown in (said.out, said.err, plain.out, broken.out, report.read_text()):
        assert "kennwort" not in shown
        assert "a2VubndvcnQ" not in shown
    assert "kennwort" in saved.read_text()


def test_what_is_still_needed(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """By name; nothing is sent before all of it is there."""
    monkeypatch.delenv("LAB_WORD", raising=False)
    path = write(tmp_path, "C: EHLO ${NAME}\nC: VRFY ${env:LAB_WORD}\nC: NOOP ${LATER}\n")
    said = smtptrace("replay", "--dry-run", path, "127.0.0.1:1")
    assert said.code == 0
    for needed in ("--set NAME=VALUE", "the variable LAB_WORD is not in the environment", "--set LATER=VALUE"):
        assert needed in said.out
    assert smtptrace("replay", path, "127.0.0.1:1").code == 2
    for value in ("env:LAB_WORD=x", "NAME", "=x", "A B=x"):
        assert smtptrace("replay", path, "127.0.0.1:1", "--set", value).code == 2


def test_a_password_that_a_script_names(smtptrace: Command, tmp_path: Path, monkeypatch) -> None:
    """It is that of its variable, for the user whom the script names; the second target has its own."""
    text = LOGIN.replace("C: YWxpY2U=", "C: ${USER}").replace("C: c2VjcmV0MQ==", "C: ${env:LAB_PASSWORD}")
    path = write(tmp_path, text.replace("C: AUTH LOGIN", "# login: bob\nC: AUTH LOGIN"))
    monkeypatch.setenv("LAB_PASSWORD", "geheim-eins")
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "wrong-one")
    with faulty.running() as one, faulty.running() as two:
        target = [f"127.0.0.1:{one.port}", "--against", f"127.0.0.1:{two.port}"]
        assert smtptrace("replay", path, *target).code == 2
        monkeypatch.setenv("LAB_PASSWORD_AGAINST", "geheim-zwei")
        assert smtptrace("replay", path, *target).code == 0
    assert (b"Ym9i\r\nZ2VoZWltLWVpbnM=" in one.received, b"Ym9i\r\nZ2VoZWltLXp3ZWk=" in two.received) == (True, True)


def test_once_a_row(smtptrace: Command, tmp_path: Path) -> None:
    """With the values of each row, a line a row in the table; the cap on messages counts all of them."""
    text = SENDING.replace("<c@d>", "<${TO}>").replace("C: text", "C: dear ${name},")
    path = write(tmp_path, text)
    table = write(tmp_path, 'TO,name\na@b,"Ann, 1"\nc@d,Bob\n', "rows.csv")
    with faulty.running() as server:
        target = f"127.0.0.1:{server.port}"
        assert smtptrace("replay", path, target, "--data", table, "--max-messages", 1).code == 2
        assert server.connections == 0
        said = smtptrace("replay", path, target, "--data", table)
    assert (said.code, server.connections) == (0, 2)
    assert [line.split()[1:3] for line in said.out.split("\n") if " row " in line] == [["row", "1"], ["row", "2"]]
    for octets in (b"RCPT TO:<a@b>", b"dear Ann, 1,\r\n", b"RCPT TO:<c@d>", b"dear Bob,\r\n"):
        assert octets in server.received


def test_rows_that_are_none(smtptrace: Command, tmp_path: Path) -> None:
    """A line end in a value is refused, with its row, before anything is sent."""
    path = write(tmp_path, SENDING.replace("<c@d>", "<${TO}>"))
    table = write(tmp_path, 'TO\na@b\n"x@y>\r\nRCPT TO:<z@z"\n', "rows.csv")
    with faulty.running() as server:
        said = smtptrace("replay", path, f"127.0.0.1:{server.port}", "--data", table)
        assert (said.code, server.connections) == (2, 0)
    assert "row 2: the value of TO holds a line end" in said.err
    assert smtptrace("replay", path, ELSEWHERE, "--data", table, "--send").code == 2


def test_a_row_names_no_outsider(smtptrace: Command, tmp_path: Path) -> None:
    """The recipients of all rows must be allowed."""
    path = write(tmp_path, SENDING.replace("<c@d>", "<${TO}>"))
    table = write(tmp_path, "TO\na@lab\nx@evil.test\n", "rows.csv")
    said = smtptrace("replay", path, ELSEWHERE, "--data", table, "--send", "--allow-recipient", "*@lab")
    assert "recipient 'x@evil.test'" in said.err
    assert "a@lab'" not in said.err


@pytest.mark.parametrize("options", [[], ["--as-sent"]])
def test_the_recorded_pace(smtptrace: Command, tmp_path: Path, monkeypatch, options) -> None:
    """The pauses of the recording, times a factor; none without the option."""
    slept: list[float] = []
    monkeypatch.setattr("smtptrace.replay.run.Course.pause", lambda _, seconds: slept.append(seconds))
    text = "# times: relative\n# time: +1.000000000\nS: 220 hi\n# time: +3.000000000\nC: NOOP\nS: 250 ok\n"
    path = write(tmp_path, text)
    for pace in ([], ["--pace", "recorded"], ["--pace", "0.5"]):
        with faulty.running() as server:
            assert smtptrace("replay", path, f"127.0.0.1:{server.port}", *pace, *options).code == 0
    assert slept == [2.0, 1.0]
    for wrong in ("0", "x", "nan", "101", "-1"):
        assert smtptrace("replay", path, "127.0.0.1:1", "--pace", wrong).code == 2


def test_a_pause_takes_its_time(smtptrace: Command, tmp_path: Path) -> None:
    """It is a pause of the client, not of the server."""
    text = "# times: relative\n# time: +1.000000000\nS: 220 hi\n# time: +1.200000000\nC: NOOP\nS: 250 ok\n"
    with faulty.running() as server:
        before = time.monotonic()
        assert smtptrace("replay", write(tmp_path, text), f"127.0.0.1:{server.port}", "--pace", "recorded").code == 0
    assert time.monotonic() - before >= 0.2


def test_pipelining(smtptrace: Command, tmp_path: Path) -> None:
    """Together where the target offers it; the plan says which."""
    text = SENDING.replace("S: 250 ok\nC: RCPT", "C: RCPT", 1).replace(
        "S: 250 ok\nC: DATA", "S: 250 ok\nS: 250 ok\nC: DATA"
    )
    offer = "250-server.test\r\n250 PIPELINING"
    with faulty.running(EHLO=offer) as server:
        said = smtptrace("replay", write(tmp_path, text), f"127.0.0.1:{server.port}")
    assert said.code == 0, said
    assert "[with the line above]" in smtptrace("replay", "--dry-run", write(tmp_path, text), "127.0.0.1:1").out
