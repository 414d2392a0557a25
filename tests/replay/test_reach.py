"""Whom a script as sent could give mail to."""

from __future__ import annotations

import pytest
from replay.test_as_sent import as_sent

from smtptrace.replay.prepare import Choices, prepared
from smtptrace.replay.reach import doubts, recipients, rewritten

TOGETHER = "S: 220 hi\nC> {}\nS: 250 ok\nS: 250 ok\nS: 250 ok"


def test_recipients_of_a_group():
    """Commands that went out together are read together, for a server may not see where one ends."""
    found = as_sent(TOGETHER.format("RCPT TO:a@b\\nRCPT TO:<c@d>\\r\\n"))
    assert list(recipients(found)) == [b"a@b", b"c@d"]
    assert any("may name" in doubt for doubt in doubts(found))
    apart = as_sent("S: 220 hi\nC> RCPT TO:a@b\\n\nS: 250 ok\nC> RCPT TO:<c@d>\\r\\n\nS: 250 ok")
    assert list(doubts(apart)) == []


def test_whom_it_was_rewritten_to():
    """Only where one recipient stood beyond doubt."""
    found = prepared(
        as_sent(TOGETHER.format("RCPT TO:<a@b>\\r\\nRCTP TO:<c@d>\\r\\nVRFY x\\r\\n")), Choices(to="me@lab")
    )
    assert set(recipients(found)) == rewritten(found) == {b"me@lab"}


@pytest.mark.parametrize(
    ("octets", "doubtful"),
    [
        ("MAIL FROM:<a@b>\\r\\nBDAT 2 LAST\\r\\nx\\n", False),
        ("MAIL FROM:<a@b>\\nBDAT 2 LAST\\r\\nx\\n", True),
        ("DATA\\r\\nBDAT 2 LAST\\r\\nx\\n", True),
        ("BDAT 2  LAST\\r\\nx\\n", True),
    ],
)
def test_chunks(octets, doubtful):
    """Where the server may not see the command, or waits for a message, a chunk is commands."""
    found = as_sent(TOGETHER.format(octets))
    assert any("chunk" in doubt for doubt in doubts(found)) is doubtful
