"""Time stamps of logs: what they say, and no more."""

from __future__ import annotations

import enum
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

from smtptrace.wire import TimeBasis

DAY = 86_400_000_000_000
MONTHS = {name: at for at, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}

CLOCK = rb"(?P<clock>[0-9]{1,2}:[0-9]{2}:[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9})[0-9]*)?(?: ?(?P<half>[AP]M))?"
ZONE = rb"(?: ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})(?![0-9A-Za-z]))?"
STAMP = re.compile(
    rb"(?:(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{2})[-/.](?P<day>[0-9]{2})[T ,]{1,2}"
    rb"|(?P<dday>[0-9]{1,2})[-/ ](?P<dmonth>[A-Z][a-z]{2})[-/ ](?P<dyear>[0-9]{4})[ :,]{1,2}"
    rb"|(?P<smonth>[A-Z][a-z]{2}) {1,2}(?P<sday>[0-9]{1,2}) (?:(?P<syear>[0-9]{4}) )?)?" + CLOCK + ZONE
)
"""ISO 8601, `23-Nov-2026 18:00:00 +0100`, syslog's `Nov 23 18:00:00`, or the time of day alone."""


class Known(enum.Enum):
    """How much of a point in time a stamp tells."""

    UTC = "utc"
    LOCAL = "local"
    NO_YEAR = "no-year"
    NO_DATE = "no-date"


class Stamp(NamedTuple):
    """A time stamp: nanoseconds since the epoch as if what is missing were UTC, 2000 and January 1st."""

    ns: int
    known: Known


EXACT = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-2][0-9]):([0-5][0-9]):([0-5][0-9])\.([0-9]{1,9})Z")
"""The form in which long logs have it."""


def stamp(text: bytes) -> Stamp | None:
    """The stamp at the beginning of `text`, None where there is none that the calendar knows."""
    exact = EXACT.match(text)
    midnight = _day(exact[1]) if exact else None
    if exact and midnight is not None and exact[2] < b"24":
        seconds = int(exact[2]) * 3600 + int(exact[3]) * 60 + int(exact[4])
        return Stamp(midnight + seconds * 1_000_000_000 + int(exact[5].ljust(9, b"0")), Known.UTC)
    found = STAMP.match(text)
    if not found:
        return None
    part = found.groupdict()
    year = part["year"] or part["dyear"] or part["syear"]
    month = int(part["month"]) if part["month"] else MONTHS.get(part["dmonth"] or part["smonth"] or b"Jan", 0)
    day = part["day"] or part["dday"] or part["sday"]
    hour, minute, second = (int(number) for number in found["clock"].split(b":"))
    if part["half"]:
        hour = hour % 12 + (12 if part["half"] == b"PM" else 0)
    try:
        zone = _zone(part["zone"])
        when = datetime(int(year or 2000), month, int(day or 1), hour, minute, second, tzinfo=zone or UTC)
    except ValueError:
        return None
    known = Known.NO_DATE if not day else Known.NO_YEAR if not year else Known.UTC if zone else Known.LOCAL
    fraction = int((part["fraction"] or b"0").ljust(9, b"0"))
    return Stamp(_ns(when) + fraction, known)


@lru_cache(maxsize=64)
def _day(date: bytes) -> int | None:
    """When a day begins, nanoseconds; None where the calendar has none of that date."""
    try:
        return _ns(datetime.fromisoformat(date.decode("ascii")).replace(tzinfo=UTC))
    except ValueError:
        return None


def _zone(name: bytes | None) -> tzinfo | None:
    if name is None:
        return None
    if name[:1] not in b"+-":
        return UTC
    minutes = int(name[1:3]) * 60 + int(name[-2:])
    return timezone(timedelta(minutes=-minutes if name.startswith(b"-") else minutes))


def _ns(when: datetime) -> int:
    return round((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000_000


class Clock:
    """Turns the stamps of one text into nanoseconds that mean the same throughout it.

    Stamps with a zone are UTC. Without one, `zone` (and `year`) are assumed; where they are not given, times only count
    from the first stamp of the text.
    """

    def __init__(self, zone: tzinfo | None = None, year: int | None = None) -> None:
        self.basis = TimeBasis.NONE
        self._zone, self._year = zone, year
        self._first: Stamp | None = None
        self._days = self._last = 0

    def ns(self, when: Stamp | None) -> int | None:
        """The time of a stamp, None where it is missing or of another kind than the first one."""
        if when is None:
            return None
        if self._first is None:
            self._first, self._last = when, when.ns
            self.basis = self._basis(when.known)
        if when.known is not self._first.known:
            return None
        if self.basis is TimeBasis.UTC:
            return when.ns
        return self._relative(when) if self.basis is TimeBasis.RELATIVE else self._assumed(when)

    def _basis(self, known: Known) -> TimeBasis:
        if known is Known.UTC:
            return TimeBasis.UTC
        whole = known is Known.LOCAL or (known is Known.NO_YEAR and self._year is not None)
        return TimeBasis.ASSUMED_ZONE if whole and self._zone is not None else TimeBasis.RELATIVE

    def _relative(self, when: Stamp) -> int:
        assert self._first is not None
        if when.known is Known.NO_DATE and when.ns < self._last - DAY // 2:
            self._days += DAY
        self._last = when.ns
        return when.ns + self._days - self._first.ns

    def _assumed(self, when: Stamp) -> int | None:
        seconds, rest = divmod(when.ns, 1_000_000_000)
        local = datetime.fromtimestamp(seconds, UTC)
        try:
            year = self._year if when.known is Known.NO_YEAR and self._year else local.year
            return _ns(local.replace(year=year, tzinfo=self._zone)) + rest
        except (ValueError, OverflowError):  # February 29th in another year, a year that datetime does not know
            return None
