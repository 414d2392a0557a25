"""Times as text."""

from __future__ import annotations

from datetime import UTC

from smtptrace.outputs._time import iso, local


def test_nanoseconds_are_kept() -> None:
    """RFC 3339 in UTC with nine digits."""
    assert iso(1_767_323_045_123_456_789) == "2026-01-02T03:04:05.123456789Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999999Z"


def test_times_for_people_end_at_milliseconds() -> None:
    """In the zone asked for."""
    assert local(1_767_323_045_123_456_789, UTC) == "2026-01-02 03:04:05.123"


def test_what_no_calendar_holds_is_left_out() -> None:
    """An absurd time stamp of a capture is no reason to stop."""
    assert iso(None) is None
    assert iso(2**70) is None
    assert local(None) == "-"
    assert local(2**70) == "-"
