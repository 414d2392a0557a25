"""What is kept of a relayed connection: its events in the recording, its report, and what has to be said at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from smtptrace.record.recording import Recording, Track
from smtptrace.record.settings import Report
from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Irregularity,
    Note,
    Octets,
    Open,
    Opening,
    Origin,
    Secured,
    Side,
)

Tell = Callable[[str], None]


class Account:
    """Keeps one connection; before `begin` only the report."""

    def __init__(self, report: Report, recording: Recording, tell: Tell) -> None:
        self.report = report
        self._recording = recording
        self._tell = tell
        self._track: Track | None = None

    @property
    def has_failed(self) -> bool:
        """Whether nothing can be recorded any more."""
        return bool(self._recording.failed)

    def begin(self, server: Endpoint, opening: Opening, *, opens_tls: bool) -> None:
        """The upstream answered, or did not."""
        facts = {"relay": "opens TLS" if opens_tls else "passthrough"}
        now = time.time_ns()
        connection = Connection(self.report.client, server, Origin("proxy", "proxy"), None, now, facts=facts)
        self._track = self._recording.begin(connection)
        self._track.feed(Open(opening, now))

    def octets(self, side: Side, octets: bytes) -> None:
        """What a side said."""
        if self._track:
            self._track.feed(Octets(side, octets, time.time_ns()))

    def secured(self, told: Secured, *, opened: bool, implicit: bool) -> None:
        """TLS with the upstream began, or failed."""
        told.opened, told.implicit, told.time_ns = opened, implicit, time.time_ns()
        if self._track:
            self._track.feed(told)

    def closed(self, side: Side, how: Closing) -> None:
        """A side ended."""
        if self._track:
            self._track.feed(Close(side, how, time.time_ns()))

    def odd(self, kind: str, detail: str, side: Side) -> None:
        """Something that a reader of the recording takes for an anomaly."""
        if self._track:
            self._track.feed(Irregularity(kind, detail, side, time.time_ns()))

    def note(self, text: str) -> None:
        """Something that was not on the wire."""
        self.report.notes.append(text)
        if self._track:
            self._track.feed(Note(text, time.time_ns()))

    def explain(self, text: str) -> None:
        """A note that has to be said at once, too."""
        self.note(text)
        self.shout(f"{self.report.number} {self.report.client}: {text}")

    def shout(self, text: str) -> None:
        """Say something at once that is no matter of this connection alone."""
        self._tell(text)

    def remark(self, text: str) -> None:
        """Something for people who look at the packets."""
        if self._track:
            self._track.remark(text)

    async def settle(self) -> None:
        """Wait until the disk holds what is recorded."""
        await self._recording.settle()

    def finish(self) -> None:
        """The connection is over."""
        if self._track:
            self._track.finish()
