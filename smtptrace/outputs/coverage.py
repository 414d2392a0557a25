"""What was read and what could not be, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtptrace.coverage import Coverage
from smtptrace.outputs._text import visible
from smtptrace.outputs._time import iso
from smtptrace.trace import Part, Reading

OUTCOMES = {
    "refused": "refused",
    "no-answer": "no answer",
    "silent-server": "silent server",
    "headers-only": "only headers were captured",
}
"""What came of a connection without a word, see `Trace.attempt`."""


_SINGLY = 3
"""So many readings that lack nothing are told one by one; more of them on one line."""


def coverages(readings: Sequence[tuple[Reading, Coverage]], *, filtered: bool) -> Iterator[str]:
    """The coverage of several readings; those of which nothing is missing together where they are many."""
    told = [(coverage, list(coverage_lines(reading, coverage, filtered=filtered))) for reading, coverage in readings]
    whole = [coverage for coverage, lines in told if _is_whole(coverage, lines)]
    are_many = len(whole) > _SINGLY
    for coverage, lines in told:
        if not are_many or not _is_whole(coverage, lines):
            yield from lines
    if are_many:
        sessions = sum(coverage.sessions for coverage in whole)
        others = " more" if len(whole) < len(told) else ""
        yield f"{len(whole):,}{others} files: {_count(sessions, 'session')}, all readable, nothing skipped or missing"


def _is_whole(coverage: Coverage, lines: Sequence[str]) -> bool:
    return len(lines) == 1 and 0 < coverage.sessions == coverage.readable


def coverage_lines(reading: Reading, coverage: Coverage, *, filtered: bool) -> Iterator[str]:
    """The coverage of one reading: its packets, its sessions, its silences, and what a filter could not see."""
    parts = [list(_part(part)) for part in reading.parts]
    lines = [*(line for part in parts for line in part[1:]), *_remarks(reading, coverage, filtered=filtered)]
    names = [part[0] for part in parts]
    yield "; ".join(names) + f": {_sessions(coverage)}"
    yield from lines


def _part(part: Part) -> Iterator[str]:
    report = part.report
    what = visible(report.format or "unknown format")
    if report.packets:
        span = f" from {iso(report.first_ns)} to {iso(report.last_ns)}" if report.first_ns is not None else ""
        what = f"{what}, {_count(report.packets, 'packet')}{span}"
    yield f"{visible(report.path)} ({what})"
    for reason, count in report.skipped.most_common():
        yield f"  {_count(count, 'packet')} skipped: {visible(reason)}"
    for where, count in report.drops.items():
        yield f"  {_count(count, 'packet')} dropped while capturing ({visible(where)})"
    for notice in report.notices:
        yield f"  {visible(notice)}"
    if part.clock_offset_ns:
        yield f"  times of this file were moved by {part.clock_offset_ns / 1e9:+g} s (--clock-offset)"


def _sessions(coverage: Coverage) -> str:
    kinds = {
        "readable": coverage.readable,
        "encrypted": coverage.encrypted,
        "one-sided": coverage.one_sided,
        "incomplete": coverage.incomplete,
    }
    found = [f"{count} {kind}" for kind, count in kinds.items() if count]
    return _count(coverage.sessions, "session") + (f", {', '.join(found)}" if found else "")


def _remarks(reading: Reading, coverage: Coverage, *, filtered: bool) -> Iterator[str]:
    for how, count in reading.attempts.items():
        yield f"  {_count(count, 'connection')} without a word: {OUTCOMES[how]} (--attempts lists them)"
    for first, last in reading.silences:
        yield f"  no TCP packet for {(last - first) / 1e9:.1f} s from {iso(first)}"
    if filtered and not coverage.selected:
        yield f"  {coverage.not_found(reading.attempts['headers-only'])}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
