"""Time stamps say what they say: a zone, a year or a date that is missing is assumed only when told to."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from smtptrace.transcripts._times import Clock, Known, Stamp, stamp
from smtptrace.wire import TimeBasis

SECOND = 1_000_000_000
NOON = 1_795_435_200 * SECOND  # 2026-11-23 12:00:00 UTC


@pytest.mark.parametrize(
    ("text", "ns", "known"),
    [
        (b"2026-11-23T12:00:00Z", NOON, Known.UTC),
        (b"2026-11-23T12:00:00.123456789Z x", NOON + 123456789, Known.UTC),
        (b"2026-11-23 12:00:00,5", NOON + SECOND // 2, Known.LOCAL),
        (b"2026-11-23T13:00:00+01:00", NOON, Known.UTC),
        (b"23-Nov-2026 07:00:00 -0500]:", NOON, Known.UTC),
        (b"2026/11/23 12:00:00", NOON, Known.LOCAL),
        (b"Feb 29 00:00:01", 951_782_401 * SECOND, Known.NO_YEAR),
        (b"12:00:00.25", 946_728_000 * SECOND + SECOND // 4, Known.NO_DATE),
        (b"01:00:00 PM", 946_731_600 * SECOND, Known.NO_DATE),
        (b"12:00:00 AM", 946_684_800 * SECOND, Known.NO_DATE),
    ],
)
def test_shapes(text: bytes, ns: int, known: Known) -> None:
    """ISO 8601, day-month-year, syslog, the time of day."""
    assert stamp(text) == Stamp(ns, known)


@pytest.mark.parametrize(
    "text", [b"", b"x", b"2026-13-01T00:00:00", b"2026-02-30 00:00:00", b"Foo 3 00:00:00", b"25:00:00"]
)
def test_no_stamp(text: bytes) -> None:
    """What the calendar does not know is no time."""
    assert stamp(text) is None


def test_without_a_zone_times_count_from_the_first() -> None:
    """A zone is never invented."""
    clock = Clock()
    assert [clock.ns(stamp(b"2026-11-23 12:00:00")), clock.ns(stamp(b"2026-11-23 12:00:02"))] == [0, 2 * SECOND]
    assert clock.basis is TimeBasis.RELATIVE


def test_assumed_zone_and_year() -> None:
    """Where they are told, times are of the epoch."""
    zone = timezone(timedelta(hours=1))
    clock = Clock(zone)
    assert (clock.ns(stamp(b"2026-11-23 13:00:00")), clock.basis) == (NOON, TimeBasis.ASSUMED_ZONE)
    clock = Clock(zone, 2026)
    assert (clock.ns(stamp(b"Nov 23 13:00:00")), clock.basis) == (NOON, TimeBasis.ASSUMED_ZONE)
    clock = Clock(zone)
    assert (clock.ns(stamp(b"Nov 23 13:00:00")), clock.basis) == (0, TimeBasis.RELATIVE)


def test_a_leap_day_in_a_year_without_one() -> None:
    """It has no time."""
    clock = Clock(UTC, 2026)
    assert clock.ns(stamp(b"Feb 29 12:00:00")) is None


def test_over_midnight() -> None:
    """The time of day alone goes on after midnight."""
    clock = Clock()
    assert [clock.ns(stamp(text)) for text in (b"23:59:59", b"00:00:01", b"00:00:03")] == [0, 2 * SECOND, 4 * SECOND]


def test_stamps_of_another_kind_have_no_time() -> None:
    """One text, one meaning."""
    clock = Clock()
    assert [clock.ns(stamp(b"2026-11-23T12:00:00Z")), clock.ns(stamp(b"12:00:00"))] == [NOON, None]
