"""The commands of the console itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from replay.consoles import EHLO, sent, talking

from smtptrace.replay.console_manners import Manners


def test_help_names_every_command_of_the_console():
    """As `?` does."""
    with talking("220 hi") as (who, _):
        told = "\n".join(who.says("/help"))
        assert who.says("?") == told.split("\n")
        for word in who.console.words("/"):
            assert word.text.strip() in told
        assert who.says("/nonsense")[0].startswith("** there is no /nonsense; /help lists")
        assert who.says("  ") == []


def test_offer_and_explain():
    """What is offered, and what the last reply means once more."""
    manners = Manners(explain=lambda name: [f"all about {name}"] if name != "5.1.1" else [])
    with talking("220 hi", EHLO, "550 5.1.1 no", manners=manners) as (who, _):
        assert who.says("/offer") == ["** nothing yet: say EHLO and a name"]
        who.says("EHLO me")
        assert "   SIZE 1000000   messages of up to 1,000,000 octets (SIZE=)" in who.says("/offer")
        who.says("VRFY x")
        assert who.says("/explain") == ["   all about 550"]
        assert who.says("/explain 5.7.8") == ["   all about 5.7.8"]
        assert who.says("/explain 5.1.1") == ["** nothing is known of 5.1.1"]


def test_diagnose():
    """The causes of all that went wrong."""
    with talking("220 hi ESMTP Postfix", EHLO, "250 ok", "554 5.7.1 <x@y.test>: Relay access denied") as (who, _):
        assert who.says("/diagnose") == ["** nothing went wrong so far that a cause is known of"]
        for line in ("EHLO me", "MAIL FROM:<a@b.test>", "RCPT TO:<x@y.test>"):
            who.says(line)
        assert any("relay-denied" in each for each in who.says("/diagnose"))


def test_close_hangs_up():
    """Without QUIT."""
    with talking("220 hi", "221 bye") as (who, server):
        who.says("/close")
        assert who.console.ended
    assert server.lines == []


def test_quit_leaves_politely():
    """As Ctrl-D does."""
    with talking("220 hi", "221 bye") as (who, server):
        assert who.says("/quit")[0] == "C: QUIT"
        assert who.console.ended
    assert sent(server) == ["QUIT"]


def test_raw_sends_a_line_as_it_is():
    """AUTH is not helped with, an empty line is sent."""
    with talking("220 hi", "334 ", "501 no", "500 what") as (who, server):
        who.says("/raw AUTH LOGIN")
        who.says("*")
        who.says("/raw")
    assert sent(server) == ["AUTH LOGIN", "*", ""]


def test_save(tmp_path: Path):
    """The session so far, in a file of its own, with no secret in any form."""
    path = tmp_path / "talk.smtp"
    with talking("220 hi", EHLO, "235 ok") as (who, _):
        who.says("EHLO me")
        who.says("auth plain", "alice", "secret1")
        assert who.says(f"/save {path}")[0].startswith(f"** saved in {path}")
        assert who.says(f"/save {path}")[0].endswith("is not overwritten; name another place")
        assert who.says("/save")[0].startswith("** /save FILE")
        assert "must end in .pcapng or .smtp" in who.says("/save talk.txt")[0]
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_bytes()
    assert b"S: 235 ok" in text
    assert b"secret1" not in text
    assert b"AGFsaWNlAHNlY3JldDE=" not in text


def test_a_file_as_the_message(tmp_path: Path):
    """Line ends and dots are made for SMTP."""
    path = tmp_path / "message.eml"
    path.write_bytes(b"Subject: x\n\n.dot\nend")
    with talking("220 hi", "354 go on", "250 2.0.0 ok") as (who, server):
        assert who.says(f"/data {path}")[2].startswith("** sent 25 octets of ")
    assert sent(server) == ["DATA", "Subject: x", "", "..dot", "end", "."]


def test_a_file_as_a_chunk(tmp_path: Path):
    """BDAT needs its octets at once, so only a file can be sent."""
    path = tmp_path / "message.eml"
    path.write_bytes(b"one line\n")
    with talking("220 hi", "250 2.0.0 ok") as (who, server):
        assert who.says("BDAT 10 LAST") == ["** BDAT needs its octets at once: /bdat FILE sends a file as a chunk"]
        who.says(f"/bdat {path}")
    assert sent(server) == ["BDAT 10 LAST", "one line"]


@pytest.mark.parametrize("line", ["/data", "/data /no/such/file", "/bdat /no/such/file"])
def test_a_file_that_cannot_be_read(line):
    """Nothing is sent."""
    with talking("220 hi", "354 go on") as (who, server):
        (seen,) = who.says(line)
        assert seen.startswith("** ")
    assert server.lines == []


def test_a_file_that_the_server_does_not_want(tmp_path: Path):
    """Without 354 the message stays here."""
    path = tmp_path / "message.eml"
    path.write_bytes(b"private\n")
    with talking("220 hi", "503 5.5.1 no recipients", "250 ok") as (who, server):
        who.says(f"/data {path}")
        who.says("NOOP")
    assert sent(server) == ["DATA", "NOOP"]
