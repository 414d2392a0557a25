"""Octets that servers may read in more than one way."""

from __future__ import annotations

import pytest
from replay.test_as_sent import as_sent

from smtptrace.replay.ambiguous import DOUBT, Reading, ends_early, place_of_path, readings
from smtptrace.replay.plan import Permission, Target, may_go, refusals
from smtptrace.replay.prepare import Choices, prepared
from smtptrace.wire import Endpoint

THERE = Target(Endpoint("10.0.0.7", 25), loopback=False)
HERE = Target(Endpoint("127.0.0.1", 25), loopback=True)


@pytest.mark.parametrize(
    "line",
    [
        b"EHLO a",
        b"mail from:<a@b> SIZE=1",
        b"VRFY a@b",
        b"",
        b"hello",
        b"EHLLO\x08\x08O a",
        b"MIAL FROM:<a@b>",
        b"\xff\xfd\x03NOOP",
        b"MAIL FROM:<a@b> ${X}",
    ],
)
def test_what_gives_nobody_mail(line):
    """However it is read."""
    assert list(readings(line + b"\r\n")) == []


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"RCPT TO:<a@b>", b"a@b"),
        (b" rcpt  to : a@b NOTIFY=NEVER", b"a@b"),
        (b"RCPT TO:<@x:a@b> ORCPT=rfc822;c@d", b"@x:a@b"),
        (b"RCTP TO:<a@b>", b"a@b"),
        (b"RCPT TO:<${X}@b>", b"${X}@b"),
    ],
)
def test_certain_recipients(line, path):
    """A typing error in the verb is no reason to take it for harmless."""
    assert list(readings(line + b"\r\n")) == [Reading(path)]
    assert line[slice(*place_of_path(line))] == path


@pytest.mark.parametrize(
    "octets",
    [
        b"RCPT TO:<a@b\r\n",
        b"RCPT TO:<a@b>@c\r\n",
        b"RCPT TO:<c@d\x08b>\r\n",
        b"RCQ\x08PT TO:<a@b>\r\n",
        b"RCPT TO:<a@b\x00.c>\r\n",
        b"NOOP RCPT TO:<a@b>\r\n",
        b"RCPT\rTO:<a@b>\r\n",
        b"RCPT TO:<a@b> RCPT TO:<c@d>\r\n",
        b"RCPT FROM:<a@b>\r\n",
        b"RCPT TO:a@b TO:<c@d>\r\n",
        b"RCPT TO:<a@b> c@d\r\n",
        b"TO:<a@b>\r\n",
        b"a@b\r\n",
        b"RCTP TO:<${X}>\r\n",
        b"${X}\r\n",
        b"BURL imap://x LAST\r\n",
        b"ETRN b\r\n",
        b"x" * 70000 + b"\r\n",
    ],
)
def test_what_is_doubtful(octets):
    """It may name somebody, to some server."""
    assert any(each.doubt for each in readings(octets))
    assert place_of_path(octets.rstrip(b"\r\n")) is None


def test_line_ends():
    """Any of them may end a line, or none but CRLF."""
    found = list(readings(b"NOOP\rRCPT TO:<a@b>\nRCPT TO:<c@d>\0"))
    assert found == [Reading(b"a@b"), Reading(b"c@d"), Reading(doubt=DOUBT)]
    assert list(readings(b"rcpt to:<a@b>\n")) == [Reading(b"a@b")]
    assert list(readings(b"RCPT TO:a@b\n.c\r\n")) == [Reading(b"a@b"), Reading(b"a@b.c")]
    assert list(readings(b"RC\nPT TO:<a@b>\r\n")) == [Reading(b"a@b")] * 2


@pytest.mark.parametrize(
    ("content", "early"),
    [
        (b".\r\n", False),
        (b"x\r\n..\r\n.x\r\n.\r\n", False),
        (b"x\n.\r\nMAIL\r\n.\r\n", True),
        (b"x\r\n.\nMAIL\r\n.\r\n", True),
        (b"x\n.\nMAIL\r\n.\r\n", True),
        (b"x\r.\rMAIL\r\n.\r\n", True),
        (b"x\r\n.\r\r\n.\r\n", True),
        (b"x\r\n\x00.\r\n.\r\n", True),
        (b".\nx\r\n.\r\n", True),
        (b"x\r\n. \r\n.\r\n", True),
        (b"x\n.\n", True),
        (b"x", True),
    ],
)
def test_ends_of_a_message(content, early):
    """One there is, and nothing must look like another."""
    assert ends_early(content) is early


SESSION = "S: 220 hi\nC> {}\nS: 250 ok\nC: DATA\nS: 354 go\nC> {}\\r\\n.\\r\\n\nS: 250 ok"


def refused(line: str, content: str = "x", target: Target = THERE, to: str = "", **allowed) -> str:
    """Why a session with that command and that message is refused."""
    found = prepared(as_sent(SESSION.format(line, content)), Choices(to=to))
    return "\n".join(refusals([found], target, Permission(send=True, rewritten=bool(to), **allowed)))


def test_recipients_of_octets_as_they_are():
    """Each that is named must be allowed."""
    assert refused("RCPT TO:<a@b>\\r\\n", recipients=("*@b",)) == ""
    assert "recipient 'c@d'" in refused("RCPT TO:<a@b>\\rRCPT TO:<c@d>\\r\\n", recipients=("*@b",))
    assert DOUBT in refused("RCPT TO:<a@b\\r\\n", recipients=("*",))
    assert refused("RCPT TO:<a@b\\r\\n", target=HERE) == ""
    assert refused("RCPT TO:<a@b\\r\\n", recipients=("*",), ambiguous=True) == ""


def test_recipients_that_are_replaced():
    """In their place, and only where there is no doubt which that is."""
    found = prepared(as_sent(SESSION.format("rcpt  to:<a@b> NOTIFY=NEVER\\n", "x")), Choices(to="me@lab"))
    assert found.steps[1].parts[0].octets == b"rcpt  to:<me@lab> NOTIFY=NEVER\r\n"
    assert refused("rcpt  to:<a@b>\\n", to="me@lab") == ""
    assert DOUBT in refused("RCPT TO:<a@b\\r\\n", to="me@lab")
    assert "recipient 'c@d'" in refused("RCPT TO:<a@b>\\rRCPT TO:<c@d>\\r\\n", to="me@lab")


def test_messages():
    """One that some server takes for two is not sent, and none that goes before it is asked for."""
    smuggled = "x\\n.\\r\\nMAIL FROM:<a@b>\\r\\nRCPT TO:<c@d>\\r\\nDATA\\r\\ny"
    assert "ended elsewhere" in refused("NOOP\\r\\n", smuggled)
    assert refused("NOOP\\r\\n", smuggled, ambiguous=True) == ""
    assert refused("NOOP\\r\\n", smuggled, target=HERE) == ""
    found = as_sent("S: 220 hi\nC> DATA\\r\\nRCPT TO:<a@b>\\r\\n.\\r\\n\nS: 354 go\nS: 250 ok")
    assert "before the target asks" in "\n".join(refusals([found], THERE, Permission(send=True)))


def test_chunks():
    """A chunk that could be commands to a server that reads its size otherwise."""
    text = "S: 220 hi\nC> BDAT 4 LAST{}a\\r\\nb\nS: 250 ok"
    assert refusals([as_sent(text.format("\\r\\n"))], THERE, Permission(send=True)) == ()
    assert "chunk" in refusals([as_sent(text.format("\\n"))], THERE, Permission(send=True))[0]


def test_a_recipient_when_its_values_are_in():
    """The target, the pattern and the option decide."""
    allowed = Permission(recipients=("*@b",))
    assert may_go(b"RCPT TO:<a@b>", THERE, allowed)
    assert not may_go(b"RCPT TO:<a@c>", THERE, allowed)
    assert not may_go(b"RCPT TO:<a@c>@b>", THERE, allowed)
    assert may_go(b"RCPT TO:<a@c>", HERE, allowed)
    assert may_go(b"RCPT TO:<a@c>", THERE, Permission(rewritten=True))
    assert may_go(b"RCPT TO:<a@c", THERE, Permission(ambiguous=True))
    assert not may_go(b"RCPT TO:<a@c>", THERE, Permission(ambiguous=True))
