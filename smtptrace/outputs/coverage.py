"""What was read and what could not be, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from smtptrace.coverage import Coverage
from smtptrace.outputs._text import visible
from smtptrace.outputs._time import iso
from smtptrace.trace import Part, Reading


def coverage_lines(reading: Reading, coverage: Coverage, *, filtered: bool) -> Iterator[str]:
    """The coverage of one reading: its packets, its sessions, its silences, and what a filter could not see."""
    for part in reading.parts:
        yield from _part(part)
    yield from _sessions(coverage)
    for how, count in reading.attempts.items():
        yield f"  {count} connections without a word: {how.value if how else 'silent server'} (--attempts lists them)"
    for first, last in reading.silences:
        yield f"  no packet for {(last - first) / 1e9:.1f} s from {iso(first)}"
    if filtered and coverage.sessions and not coverage.selected:
        yield f"  {coverage.not_found()}"


def _part(part: Part) -> Iterator[str]:
    report = part.report
    what = visible(report.format or "unknown format")
    if report.packets:
        span = f", {iso(report.first_ns)} to {iso(report.last_ns)}" if report.first_ns is not None else ""
        what = f"{what}, {report.packets:,} packets{span}"
    yield f"{visible(report.path)}: {what}"
    for reason, count in report.skipped.most_common():
        yield f"  {count:,} packets skipped: {visible(reason)}"
    for where, count in report.drops.items():
        yield f"  {count:,} packets dropped while capturing ({visible(where)})"
    if part.clock_offset_ns:
        yield f"  times of this file were moved by {part.clock_offset_ns / 1e9:+g} s (--clock-offset)"


def _sessions(coverage: Coverage) -> Iterator[str]:
    counts = {
        "readable": coverage.readable,
        "encrypted": coverage.encrypted,
        "one-sided": coverage.one_sided,
        "incomplete": coverage.incomplete,
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    yield f"  {coverage.sessions} sessions" + (f": {said}" if said else "")
