"""`smtptrace diff`."""

from __future__ import annotations

from support.command import Command
from support.data import CAPTURES

WORKS = CAPTURES / "postfix-login-accepted.pcapng"
FAILS = CAPTURES / "postfix-login-refused.pcapng"


def test_side_by_side(smtptrace: Command) -> None:
    """A working client against a failing one: the login is where they part."""
    said = smtptrace("diff", WORKS, FAILS)
    assert said.code == 1
    assert "> C: AUTH LOGIN" in said.out
    assert "    ! reply: 235 2.7.0 | 535 5.7.8" in said.out
    assert "only on the left" in said.out
    assert said.out.rstrip().endswith("different")


def test_the_same(smtptrace: Command) -> None:
    """Exit code 0."""
    said = smtptrace("diff", WORKS, WORKS)
    assert (said.code, said.out.rstrip().split("\n")[-1]) == (0, "the same")


def test_json(smtptrace: Command) -> None:
    """One object."""
    (record,) = smtptrace("diff", "--json", WORKS, FAILS).objects("diff")
    assert (record["left"]["id"], record["first_difference"]) == ("1", 3)


def test_sessions_are_chosen(smtptrace: Command) -> None:
    """By their ids, also out of one file."""
    many = CAPTURES / "postfix-bulk-mail.pcapng"
    said = smtptrace("diff", many, WORKS)
    assert (said.code, "--left ID" in said.err) == (2, True)
    ids = [each["id"] for each in smtptrace("list", "--json", many).objects("session")]
    assert smtptrace("diff", many, many, "--left", ids[0], "--right", ids[1]).code == 0
    assert smtptrace("diff", many, many, "--left", ids[0], "--right", "none").code == 2


def test_a_file_that_cannot_be_read(smtptrace: Command) -> None:
    """Exit code 3."""
    assert smtptrace("diff", WORKS, CAPTURES / "none.pcap").code == 3


def test_keys_open_what_they_fit(smtptrace: Command) -> None:
    """What was said inside TLS is compared too."""
    secret, keys = CAPTURES / "exim-starttls-login.pcapng", CAPTURES / "exim-starttls-login.keys"
    said = smtptrace("diff", secret, WORKS, "--keylog", keys)
    assert "TLS: inside | none" in said.out
