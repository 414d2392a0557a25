"""The options of every reading command, in groups, and the values they take."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

import click

from smtptrace import sources
from smtptrace.select import ONLY
from smtptrace.tcp import Limits

F = TypeVar("F", bound=Callable[..., Any])

_LIMITS = Limits()
_LONGEST_S = 1_000_000


class Instant(click.ParamType):  # type: ignore[type-arg]
    """A point in time, such as 2026-01-31, "2026-01-31 14:05" or 2026-01-31T14:05:00Z; as nanoseconds.

    Without a zone the machine's own is meant.
    """

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Nanoseconds since the epoch."""
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(value)
            return int(moment.astimezone(UTC).timestamp() * 1_000_000) * 1000
        except (ValueError, OverflowError, OSError):
            self.fail(f"'{value}' is no time such as 2026-01-31T14:05:00Z", param, ctx)


class Zone(click.ParamType):  # type: ignore[type-arg]
    """A time zone by name (Europe/Berlin) or offset (+02:00)."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """The zone."""
        if isinstance(value, tzinfo):
            return value
        from zoneinfo import ZoneInfo

        try:
            offset = datetime.strptime(value, "%z").tzinfo if value[:1] in {"+", "-", "Z"} else None
            return offset or ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            self.fail(f"'{value}' is no zone such as Europe/Berlin or +02:00", param, ctx)


class ClockOffset(click.ParamType):  # type: ignore[type-arg]
    """FILE=SECONDS, by how much the clock of the machine that made FILE was behind; as (file, nanoseconds)."""

    name = "FILE=±S"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """File and nanoseconds."""
        if isinstance(value, tuple):
            return value
        file, _, seconds = value.rpartition("=")
        try:
            return (file, round(float(seconds) * 1e9)) if file else self._refuse(value, param, ctx)
        except (ValueError, OverflowError):
            return self._refuse(value, param, ctx)

    def _refuse(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        self.fail(f"'{value}' is not FILE=SECONDS, such as mail.pcap=-2.5", param, ctx)


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """A time in seconds, above 0 and at most 1,000,000 (11 days), which any wait of the system can last."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        try:
            seconds = float(value)
        except (TypeError, ValueError):
            seconds = math.nan
        if not 0 < seconds <= _LONGEST_S:  # not a number is in no range
            self.fail(f"'{value}' is no number of seconds above 0 and up to {_LONGEST_S:,}", param, ctx)
        return seconds


def reading_options(command: F) -> F:
    """The arguments and options of every command that reads sessions."""
    for option in reversed((_FILES, *_SELECTION, *_READING, *_TIMES, *_BOUNDS, *_OUTPUT)):
        command = option(command)
    return command


_Option = Callable[[Any], Any]

A_FILE = click.Path(readable=False, allow_dash=True)
"""A capture or transcript: the shell completes its name, and whether it can be read is found out by reading it."""

_FILES: _Option = click.argument("files", nargs=-1, required=True, type=A_FILE, metavar="FILE...")

_SELECTION: tuple[_Option, ...] = (
    click.option("-s", "--session", "ids", multiple=True, metavar="ID", help="Only this session, as `list` names it."),
    click.option("--port", "ports", type=click.IntRange(0, 65535), multiple=True, help="Only with this port."),
    click.option("--host", "hosts", multiple=True, metavar="HOST", help="Only with this address, network or name."),
    click.option("--since", "since_ns", type=Instant(), help="Only what lasted until this time or later."),
    click.option("--until", "until_ns", type=Instant(), help="Only what began before this time."),
    click.option("--user", "users", multiple=True, metavar="NAME", help="Only with a login of this user."),
    click.option(
        "--only",
        multiple=True,
        type=click.Choice(list(ONLY)),
        metavar="KIND",
        help=f"Only sessions of this kind: {', '.join(ONLY)}.",
    ),
    click.option("--attempts", is_flag=True, help="Also connections on SMTP ports that ended without a word."),
)

_READING: tuple[_Option, ...] = (
    click.option("--engine", metavar="NAME", help="How captures are read: " + ", ".join(sources.ENGINES) + "."),
    click.option(
        "--keylog", type=click.Path(), metavar="FILE", help="TLS keys (SSLKEYLOGFILE) that open what they fit."
    ),
    click.option("--merge", is_flag=True, help="The files are parts of one capture: one timeline, by packet time."),
    click.option(
        "--silence", "silence_s", type=Seconds(), metavar="S", help="Report stretches of more seconds without a packet."
    ),
)

_TIMES: tuple[_Option, ...] = (
    click.option("--assume-tz", type=Zone(), help="Zone of texts that name none, such as Europe/Berlin or +02:00."),
    click.option("--assume-year", type=click.IntRange(1982, 9999), help="Year of texts that name none."),
    click.option(
        "--clock-offset",
        "clock_offsets",
        type=ClockOffset(),
        multiple=True,
        help="Add S seconds to the times of FILE; the outputs say so.",
    ),
)

_BOUNDS: tuple[_Option, ...] = (
    click.option(
        "--idle",
        type=click.IntRange(1),
        default=_LIMITS.idle_s,
        show_default=True,
        help="Seconds of capture time after which a silent connection is given up.",
    ),
    click.option(
        "--max-flows",
        type=click.IntRange(1),
        default=_LIMITS.flows,
        show_default=True,
        help="Connections that are held at once; the longest idle one is given up first.",
    ),
    click.option(
        "--max-pending",
        type=click.IntRange(1),
        default=_LIMITS.pending_octets,
        show_default=True,
        help="Octets behind a gap that are held for one connection.",
    ),
)

_OUTPUT: tuple[_Option, ...] = (
    click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    click.option("--show-secrets", is_flag=True, help="Show passwords and tokens, which are masked otherwise."),
    click.option(
        "--redact",
        "level",
        type=click.Choice(("secrets", "people", "content")),
        help="Hide secrets, people (names become pseudonyms) too, or content (messages become filler) too.",
    ),
    click.option("--digests", is_flag=True, help="SHA-256 of both streams in the JSON."),
    click.option("--manifest", type=click.Path(), metavar="FILE", help="Write what was read, how, and its digests."),
)
