"""Values that options take: what is none is refused in one line, before anything is done."""

import click
import pytest

from smtptrace.cli._options import Seconds


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "0", "1e9", "1e999", "5s", ""])
@pytest.mark.parametrize(
    "command",
    [
        ["replay", "x.pcapng", "localhost", "--timeout"],
        ["serve", "x.pcapng", "--timeout"],
        ["serve", "x.pcapng", "--wait"],
        ["connect", "localhost", "--timeout"],
        ["relay-test", "localhost", "--internal", "a@a.test", "--external", "b@b.test", "--timeout"],
        ["proxy", "--upstream", "localhost", "--timeout"],
        ["proxy", "--upstream", "localhost", "--idle"],
        ["list", "x.pcapng", "--silence"],
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_a_time_is_a_number_of_seconds(smtptrace, command, value):
    """What is no time that can be waited for is refused, and not found out in the middle of the work."""
    said = smtptrace(*command[:-1], f"{command[-1]}={value}")
    assert said.code == 2
    assert "is no number of seconds" in said.err


def test_seconds_are_read():
    """Fractions are taken."""
    assert Seconds().convert("0.25", None, None) == 0.25
    with pytest.raises(click.BadParameter):
        Seconds().convert("1_000_001", None, None)
