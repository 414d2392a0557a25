"""`smtptrace show`."""

from __future__ import annotations

from support.command import Command
from support.data import CAPTURES

NTLM = CAPTURES / "exim-ntlm-accepted.pcapng"
LOGIN = CAPTURES / "postfix-login-accepted.pcapng"


def test_what_was_said_stands_with_its_meaning(smtptrace: Command) -> None:
    """Direction, frame, time since the start, and the decoded text beside the base64."""
    said = smtptrace("show", LOGIN)
    assert said.code == 0
    assert "C: EHLO client.example" in said.out
    assert "= alice" in said.out
    assert "S: 235" in said.out


def test_the_password_shows_only_on_request(smtptrace: Command) -> None:
    """`****` by default, the password itself with --show-secrets."""
    hidden, shown = smtptrace("show", LOGIN).out, smtptrace("show", "--show-secrets", LOGIN).out
    assert "= ****" in hidden
    assert "= ****" not in shown


def test_a_message_is_shown_in_short_or_whole(smtptrace: Command) -> None:
    """Its size and digest stand above its lines."""
    assert "octets, sha256" in smtptrace("show", NTLM).out
    assert "more lines" not in smtptrace("show", "--content", NTLM).out


def test_an_unknown_session_is_named(smtptrace: Command) -> None:
    """With the command that lists the known ones."""
    assert "'smtptrace list'" in smtptrace("show", "-s", "999", NTLM).err


def test_nothing_but_text_reaches_the_terminal(smtptrace: Command) -> None:
    """Piped output is plain."""
    assert "\x1b" not in smtptrace("show", NTLM).out
