"""Coverage as people read it."""

from __future__ import annotations

from support.data import CAPTURES

from smtptrace.coverage import Coverage
from smtptrace.outputs.coverage import coverage_lines, coverages
from smtptrace.trace import Options, Reading


def _read(name: str, *, selected: bool = True, silence_s: float | None = None) -> tuple[Reading, Coverage]:
    reading, coverage = Reading((str(CAPTURES / name),), Options(silence_s=silence_s)), Coverage()
    for trace in reading:
        coverage.add(trace, selected=selected)
    return reading, coverage


def _lines(name: str, *, selected: bool = True, filtered: bool = False, silence_s: float | None = None) -> list[str]:
    return list(coverage_lines(*_read(name, selected=selected, silence_s=silence_s), filtered=filtered))


def test_packets_and_sessions_stand_in_one_line() -> None:
    """With the time they span."""
    (line,) = _lines("exim-ntlm-accepted.pcapng")
    assert "27 packets from 20" in line
    assert line.endswith("1 session, 1 readable")


def test_connections_without_a_word_are_counted_by_outcome() -> None:
    """And the option that lists them is named."""
    assert "refused" in _lines("connection-refused.pcapng")[1]
    assert "silent server" in _lines("silent-server.pcapng")[1]


def test_silences_are_told_where_they_were_asked_for() -> None:
    """Longer than so many seconds."""
    assert any("no TCP packet for" in line for line in _lines("silent-server.pcapng", silence_s=1.0))


def test_a_filter_that_took_nothing_says_on_what_ground() -> None:
    """An encrypted session cannot be excluded."""
    lines = _lines("exim-starttls-login.pcapng", selected=False, filtered=True)
    assert "1 encrypted cannot be excluded" in lines[-1]


def test_files_that_lack_nothing_are_told_together_where_they_are_many() -> None:
    """What is missing anywhere stays in sight."""
    whole = [_read("exim-ntlm-accepted.pcapng") for _ in range(4)]
    sealed = _read("exim-starttls-login.pcapng")
    assert list(coverages(whole, filtered=False)) == [
        "4 files: 4 sessions, all readable, nothing skipped or missing",
    ]
    first, last = coverages([*whole, sealed], filtered=False)
    assert first.endswith("1 session, 1 encrypted")
    assert last.startswith("4 more files: 4 sessions")


def test_few_files_are_told_one_by_one() -> None:
    """Each with its packets and its time."""
    assert len(list(coverages([_read("exim-ntlm-accepted.pcapng") for _ in range(3)], filtered=False))) == 3
