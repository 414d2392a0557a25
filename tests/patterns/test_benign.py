"""Harmless traffic, recorded: bulk mail, a relay, monitoring, and all our other recordings together."""

from __future__ import annotations

import pytest
from support.command import Command
from support.data import CAPTURES

BENIGN = ("postfix-bulk-mail", "exim-relay-to-postfix", "postfix-monitoring")


@pytest.fixture
def smtptrace(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, called within the process."""
    return Command(capsys)


def over_all_sessions(smtptrace: Command, *paths: object) -> list[str]:
    """The severities of what the patterns find."""
    found = smtptrace("check", "--json", "--min-severity", "info", *paths).objects("finding")
    return [each["severity"] for each in found if each["id"] is None]


@pytest.mark.parametrize("name", BENIGN)
def test_harmless_traffic_raises_no_pattern_above_information(smtptrace: Command, name: str) -> None:
    """Each recording by itself."""
    assert set(over_all_sessions(smtptrace, CAPTURES / f"{name}.pcapng")) <= {"info"}


def test_neither_do_they_together(smtptrace: Command) -> None:
    """In one run, with one user sending while another is watched."""
    assert set(over_all_sessions(smtptrace, *(CAPTURES / f"{name}.pcapng" for name in BENIGN))) <= {"info"}


def test_what_is_watched_is_not_a_failure(smtptrace: Command) -> None:
    """Monitoring, bulk mail and relaying need no explanation."""
    for name in BENIGN:
        diagnosed = smtptrace("diagnose", "--json", CAPTURES / f"{name}.pcapng").objects("diagnosis")
        assert all(each["causes"] == [] for each in diagnosed)
