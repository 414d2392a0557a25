"""The console at a terminal that the test types into."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from replay.consoles import EHLO, Server, person, serving

from smtptrace.cli._connect_text import line_of
from smtptrace.errors import MissingError, UsageError
from smtptrace.replay.console_manners import Manners
from smtptrace.replay.console_terminal import Terminal, available
from smtptrace.secret import Secret

CTRL_A, CTRL_C, CTRL_D, TAB, BACKSPACE, UP = "\x01", "\x03", "\x04", "\t", "\x7f", "\x1b[A"
PAUSE_S = 0.3
"""Long enough for what a key sets off in the background: completion, and reading the history."""


@contextlib.contextmanager
def typing(*keys: str) -> Iterator[None]:
    """A terminal at which keys are pressed, with a pause between one argument and the next."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):

        def press() -> None:
            for each in keys:
                pipe.send_text(each)
                time.sleep(PAUSE_S)

        pressing = threading.Thread(target=press)
        pressing.start()
        yield
        pressing.join()


def session(
    keys: str | list[str], *replies: str, secret: str | None = None, history: Path | None = None
) -> tuple[list[str], Server]:
    """What is seen beside what was typed, and the server with what it got."""
    seen: list[str] = []
    given = Secret(secret) if secret else None
    with (
        serving(*replies) as server,
        person(server.port, Manners(timeout_s=5)) as who,
        typing(*([keys] if isinstance(keys, str) else keys)),
    ):
        terminal = Terminal(
            who.console, lambda shown: seen.append(click.unstyle(line_of(shown))), lambda _: given, history
        )
        terminal.converse(implicit=False)
    return seen, server


@pytest.fixture(autouse=True)
def _own_output(monkeypatch):
    """The output is that of the session, whether or not the test has a terminal."""
    monkeypatch.setattr("smtptrace.replay.console_terminal._output", lambda: None)


def test_keys_edit_the_line():
    """Backspace takes away, Ctrl-A goes to the beginning; only the line as it stands is sent."""
    seen, server = session(
        f"NOOQ{BACKSPACE}P\rcpt{CTRL_A}#{BACKSPACE}x\r{CTRL_D}", "220 hi", "250 ok", "500 what", "221 bye"
    )
    assert server.lines == [b"NOOP\r\n", b"xcpt\r\n", b"QUIT\r\n"]
    assert seen[:2] == ["S: 220 hi", "S: 250 ok"]


def test_tab_completes_from_the_offer():
    """A lone way to go on is taken at once."""
    _, server = session(["eh", TAB, "me\r", "VRFY x ", TAB, "\r", "QU", TAB, "\r"], "220 hi", EHLO, "252 ?", "221 bye")
    assert server.lines == [b"ehlo me\r\n", b"VRFY x\r\n", b"QUIT\r\n"]


def test_up_brings_the_line_before():
    """But never a login with its argument."""
    keys = ["NOOP\r", "AUTH PLAIN AGEAYg==\r", UP, "\r", CTRL_D]
    _, server = session(keys, "220 hi", "250 ok", "535 no", "250 ok", "221 bye")
    assert server.lines == [b"NOOP\r\n", b"AUTH PLAIN AGEAYg==\r\n", b"NOOP\r\n", b"QUIT\r\n"]


def test_ctrl_c_clears_a_line_and_then_leaves():
    """At an empty line it says QUIT."""
    seen, server = session(f"MAIL FR{CTRL_C}{CTRL_C}", "220 hi", "221 bye")
    assert server.lines == [b"QUIT\r\n"]
    assert "C: QUIT" in seen


def test_user_and_password_are_asked_for():
    """Each at a prompt of its own."""
    replies = ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome", "221 bye")
    seen, server = session(f"auth login\ralice\rsecret1\r{CTRL_D}", "220 hi", *replies)
    assert [line.strip() for line in server.lines[:3]] == [b"AUTH LOGIN", b"YWxpY2U=", b"c2VjcmV0MQ=="]
    assert "secret1" not in "".join(seen)


def test_a_password_from_elsewhere_is_not_asked_for():
    """The environment or a descriptor."""
    _, server = session(f"auth plain\ralice\r{CTRL_D}", "220 hi", "235 welcome", "221 bye", secret="secret1")
    assert server.lines[0] == b"AUTH PLAIN AGFsaWNlAHNlY3JldDE=\r\n"


def test_ctrl_c_at_the_password_leaves_the_login():
    """Nothing was sent yet."""
    seen, server = session(f"auth login\ralice\r{CTRL_C}{CTRL_D}", "220 hi", "221 bye")
    assert "** no login: nothing was sent" in seen
    assert server.lines == [b"QUIT\r\n"]


def test_lines_that_are_pasted_go_one_by_one():
    """Each waits for its reply."""
    pasted = "\x1b[200~NOOP\nRSET\n\x1b[201~"
    seen, server = session(f"{pasted}\r{CTRL_D}", "220 hi", "250 one", "250 two", "221 bye")
    assert server.lines == [b"NOOP\r\n", b"RSET\r\n", b"QUIT\r\n"]
    assert seen[1:5] == ["C: NOOP", "S: 250 one", "C: RSET", "S: 250 two"]


def test_what_comes_while_a_line_is_typed_is_shown():
    """And the end of the connection ends the prompt."""
    seen, server = session("MAIL FR", "220 hi\n421 4.4.2 idle too long\nclose")
    assert "S: 421 4.4.2 idle too long" in seen
    assert "** the server closed the connection" in seen
    assert server.lines == []


def test_the_end_of_the_connection_ends_a_question_too():
    """Nothing is sent to nobody."""
    seen, _ = session("auth login\r", "220 hi\n421 bye\nclose")
    assert "** the server closed the connection" in seen


def test_a_history_is_kept_privately_and_without_secrets(tmp_path: Path):
    """In a file of mode 0600; it is there again the next time."""
    path = tmp_path / "history"
    keys = f"EHLO me\rAUTH PLAIN AGEAYg==\rauth login\ralice\rsecret1\rhunter2\r{CTRL_D}"
    replies = (EHLO, "535 no", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "535 no", "500 what", "221 bye")
    session(keys, "220 hi", *replies, history=path)
    assert path.stat().st_mode & 0o777 == 0o600
    kept = [line for line in path.read_text().splitlines() if line.startswith("+")]
    assert kept == ["+EHLO me", "+auth login"]
    _, server = session(["", UP, UP, "\r", CTRL_D], "220 hi", EHLO, "221 bye", history=path)
    assert server.lines[0] == b"EHLO me\r\n"


def test_a_history_that_cannot_be_kept(tmp_path: Path):
    """One line says why."""
    with pytest.raises(UsageError, match="cannot keep a history"):
        session([], "220 hi", history=tmp_path / "no" / "such")


def test_without_the_library(monkeypatch):
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    with pytest.raises(MissingError, match="pip install prompt_toolkit"):
        available()
