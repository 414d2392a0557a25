"""`connect` without a terminal: the lines of standard input are the commands."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
from pathlib import Path

import click
import pytest
from replay.consoles import EHLO, serving
from support.command import Command, Said

from smtptrace import net
from smtptrace.cli._connect_text import line_of
from smtptrace.replay.console_shown import Kind, Shown


@pytest.fixture
def connect(smtptrace: Command, monkeypatch: pytest.MonkeyPatch):
    """Call `connect` with lines on standard input."""

    def call(port: int, lines: str, *options: object, host: str = "127.0.0.1") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
        return smtptrace("connect", f"{host}:{port}", *options)

    return call


def test_lines_are_commands(connect):
    """The dialogue as it would stand on a screen, and QUIT at the end of the lines."""
    with serving("220 hi", "250 ok", "221 bye") as server:
        said = connect(server.port, "NOOP\r\n\n")
    assert said.code == 0
    assert said.out.splitlines() == [
        f"** connected to 127.0.0.1:{server.port}; /help tells what can be typed",
        "S: 220 hi",
        "C: NOOP",
        "S: 250 ok",
        "C: QUIT",
        "S: 221 bye   = The service closes the connection, as asked by QUIT.",
    ]
    assert server.lines == [b"NOOP\r\n", b"QUIT\r\n"]


def test_a_login_takes_the_user_from_the_lines_and_the_password_from_elsewhere(connect, monkeypatch):
    """It is never a line of the script, and never shown."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "secret1")
    replies = ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "535 5.7.8 no")
    with serving("220 hi", EHLO, *replies, "221 bye") as server:
        said = connect(server.port, "EHLO me\nauth login\nalice\nQUIT\n")
    assert said.code == 0
    assert "C: ****   = ****" in said.out
    assert f"** Password of alice at 127.0.0.1:{server.port}: from SMTPTRACE_PASSWORD" in said.out
    assert "5.7.8: The credentials are invalid." in said.out
    assert [line.strip() for line in server.lines[1:4]] == [b"auth login".upper(), b"YWxpY2U=", b"c2VjcmV0MQ=="]
    assert "secret1" not in said.out + said.err
    assert "c2VjcmV0MQ==" not in said.out


def test_a_password_from_a_descriptor_serves_every_login(connect):
    """It is read once."""
    readable, writable = os.pipe()
    os.write(writable, b"secret1\n")
    os.close(writable)
    with serving("220 hi", "535 no", "535 no", "221 bye") as server:
        connect(server.port, "AUTH PLAIN\nAUTH PLAIN\n", "--user", "alice", "--password-fd", readable)
    os.close(readable)
    assert server.lines[:2] == [b"AUTH PLAIN AGFsaWNlAHNlY3JldDE=\r\n"] * 2


def test_no_password(connect, monkeypatch):
    """One line says where it may come from, and the server is left."""
    monkeypatch.delenv("SMTPTRACE_PASSWORD", raising=False)
    with serving("220 hi", "221 bye") as server:
        said = connect(server.port, "AUTH PLAIN\n", "--user", "alice")
    assert said.code == 2
    assert said.err.strip() == "smtptrace: no password: use --password-fd, SMTPTRACE_PASSWORD or SMTPTRACE_TOKEN"
    assert server.lines == []


def test_json_is_alone_on_standard_output(connect, monkeypatch):
    """The session as the contract has it; the dialogue goes to standard error."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "secret1")
    with serving("220 hi Postfix", EHLO, "535 5.7.8 no", "221 bye") as server:
        said = connect(server.port, "EHLO me\nAUTH PLAIN\nalice\n", "--json")
    (session,) = said.objects("session")
    assert [(each["verb"], each["code"]) for each in session["exchanges"]] == [
        ("EHLO", 250),
        ("AUTH", 535),
        ("QUIT", 221),
    ]
    assert session["auth"][0]["authcid"] == "alice"
    assert "secret1" not in said.out
    assert "S: 535 5.7.8 no" in said.err


@pytest.mark.parametrize("suffix", [".smtp", ".pcapng"])
def test_the_record_is_read_by_every_other_command(connect, smtptrace, monkeypatch, tmp_path: Path, suffix):
    """Private, masked, and diagnosed like any other."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "secret1")
    path = tmp_path / f"talk{suffix}"
    with serving("220 hi ESMTP Postfix", EHLO, "535 5.7.8 Error: authentication failed", "221 bye") as server:
        said = connect(server.port, "EHLO me\nAUTH PLAIN\nalice\n", "--save", path)
    assert f"** saved in {path}, " in said.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"AGFsaWNlAHNlY3JldDE=" not in path.read_bytes()
    causes = smtptrace("diagnose", "--json", path).objects("diagnosis")[0]["causes"]
    assert causes[0]["class"] == "wrong-credentials"
    assert smtptrace("show", path).out.count("535 5.7.8") >= 1


def test_secrets_are_kept_where_asked(connect, monkeypatch, tmp_path: Path):
    """With --show-secrets."""
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "secret1")
    path = tmp_path / "talk.smtp"
    with serving("220 hi", "235 ok", "221 bye") as server:
        connect(server.port, "AUTH PLAIN\nalice\n", "--save", path, "--show-secrets")
    assert b"AGFsaWNlAHNlY3JldDE=" in path.read_bytes()


def test_a_file_that_exists_is_found_out_before_anything_is_sent(connect, tmp_path: Path):
    """Nothing is overwritten."""
    path = tmp_path / "talk.smtp"
    path.touch()
    with serving("220 hi") as server:
        said = connect(server.port, "NOOP\n", "--save", path)
    assert said.code == 2
    assert server.lines == []


def test_nobody_there(connect, tmp_path: Path):
    """Exit code 4, and the record says that nobody answered."""
    path = tmp_path / "talk.smtp"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said = connect(port, "NOOP\n", "--save", path)
    assert (said.code, said.err) == (4, f"smtptrace: 127.0.0.1:{port}: cannot connect: connection refused\n")
    assert "# open: no-answer" in path.read_text()


def test_a_server_that_hangs_up(connect):
    """Exit code 4; the lines that are left are not sent."""
    with serving("220 hi", "421 4.3.0 bye\nclose") as server:
        said = connect(server.port, "NOOP\nRSET\nNOOP\n")
    assert said.code == 4
    assert any(word in said.out for word in ("** the server closed the connection", "connection reset by peer"))
    assert server.lines == [b"NOOP\r\n"]


def test_a_server_that_hangs(connect):
    """The reply that does not come in time ends the lines, with exit code 4."""
    with serving("220 hi", "") as server:
        said = connect(server.port, "NOOP\nRSET\n", "--timeout", "0.05")
    assert said.code == 4
    assert "** no answer in 0.05 s" in said.out
    assert b"RSET\r\n" not in server.lines


def test_lines_that_end_inside_a_message(connect):
    """It is not sent."""
    with serving("220 hi", "354 go on", "250 taken") as server:
        said = connect(server.port, "DATA\nSubject: x\n")
    assert said.code == 2
    assert "a line of one dot ends it" in said.err
    assert b".\r\n" not in server.lines


def test_a_line_without_end(connect, monkeypatch):
    """It is not cut in two."""
    monkeypatch.setattr("smtptrace.cli._connect_work._LONGEST", 10)
    with serving("220 hi", "250 ok") as server:
        said = connect(server.port, "NOOP " + "x" * 100)
    assert said.code == 2
    assert server.lines == []


def test_no_login_in_clear_to_another_machine(connect, monkeypatch):
    """Without TLS and without the option nothing is asked for and nothing is sent."""
    monkeypatch.setattr(net, "is_loopback", lambda address: False)
    monkeypatch.setenv("SMTPTRACE_PASSWORD", "secret1")
    with serving("220 hi", "221 bye") as server:
        said = connect(server.port, "AUTH PLAIN\n", "--user", "alice")
    assert "--allow-plaintext-auth" in said.out
    assert server.lines == [b"QUIT\r\n"]
    with serving("220 hi", "235 ok", "221 bye") as server:
        connect(server.port, "AUTH PLAIN\n", "--user", "alice", "--allow-plaintext-auth")
    assert server.lines[0] == b"AUTH PLAIN AGFsaWNlAHNlY3JldDE=\r\n"


def test_explain_opens_the_pocket_book(connect):
    """By code and by slug."""
    with serving("220 hi", "221 bye") as server:
        said = connect(server.port, "/explain 5.7.8\n/explain wrong-credentials\n/explain nonsense\n")
    assert "   5.7.8 (code): " in said.out
    assert "   wrong-credentials (cause): " in said.out
    assert "** nothing is known of nonsense" in said.out


def test_tls_at_once_where_there_is_none(connect):
    """The hint names what to do instead."""
    with serving("220 hi") as server:
        said = connect(server.port, "NOOP\n", "--tls", "--insecure")
    assert said.code == 4
    assert "leave out --tls and type STARTTLS" in said.out


def test_every_line_of_the_server_is_safe_to_show(connect):
    """No escape sequence reaches the terminal, and none the JSON unescaped."""
    with serving("220 \x1b]0;owned\x07", "250 \x1b[31m\x9b", "221 bye") as server:
        said = connect(server.port, "NOOP\n", "--json")
    assert "\x1b" not in said.out + said.err
    json.loads(said.out)


def test_words_are_wrapped_under_themselves_at_a_terminal():
    """What was said over the wire is not; a meaning that does not fit stands on a line of its own."""
    words = Shown(Kind.MEANING, "     fix: " + "look here " * 8)
    assert click.unstyle(line_of(words, 50)).split("\n") == [
        "        fix: look here look here look here look",
        "        here look here look here look here look",
        "        here",
    ]
    reply = Shown(Kind.REPLY, "250-" + "x" * 60, "an extension", 250)
    assert click.unstyle(line_of(reply, 50)).split("\n") == ["S: 250-" + "x" * 60, "   = an extension"]
    assert click.unstyle(line_of(reply)) == "S: 250-" + "x" * 60 + "   = an extension"


@pytest.mark.parametrize("line", ["STARTTLS", "RSET"])
def test_ctrl_c_while_something_is_sent_ends_the_session(connect, monkeypatch, line):
    """Nobody knows how much of it went."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(net.SocketWire, "start_tls" if line == "STARTTLS" else "write", interrupted)
    with serving("220 hi", "220 go") as server:
        said = connect(server.port, f"{line}\nNOOP\n")
    assert said.code == 4
    assert "** interrupted " in said.out
    assert b"NOOP\r\n" not in server.lines
