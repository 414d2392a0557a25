"""Times of a record as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=256)
def iso(time_ns: int | None) -> str | None:
    """A time in UTC as RFC 3339 writes it, with nanoseconds; None stays None, and so does what no calendar holds."""
    if time_ns is None:
        return None
    seconds, rest = divmod(time_ns, 1_000_000_000)
    second = _second(seconds)
    return None if second is None else f"{second}.{rest:09d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str | None:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    except OverflowError:
        return None


def local(time_ns: int | None, zone: tzinfo | None = None) -> str:
    """A time for people, to the millisecond, in `zone` (the machine's own where None); "-" where there is none."""
    if time_ns is None:
        return "-"
    seconds, rest = divmod(time_ns, 1_000_000_000)
    try:
        moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)
    except (OverflowError, OSError, ValueError):
        return "-"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03d}"
