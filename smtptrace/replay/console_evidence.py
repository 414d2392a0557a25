"""The part of a record that an explanation looks at: bounded, however long the session lasts."""

from __future__ import annotations

from smtptrace.replay.console_link import Link
from smtptrace.wire import Connection, Event, Gap, GapReason, Octets, Side

MOST_EVENTS = 600
MOST_OCTETS = 64 * 1024
"""Octets of one exchange that are kept once it is over."""

_FIRST, _LAST = 100, 300


class Evidence:
    """What was said, without refusals that were settled and without large content.

    Each refusal is explained by itself, against all that went well before it and the logins that did not.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._kept: list[Event] = []
        self._start = 0

    def connection(self) -> Connection:
        """What to explain: what was kept, and the exchange that goes on."""
        return self._link.connection([*self._kept, *self._link.events[self._start :]])

    def settle(self, *, drop: bool) -> None:
        """The exchange is over: keep it or drop it."""
        fresh = self._link.events[self._start :]
        self._start = len(self._link.events)
        if drop or sum(len(each.data) for each in fresh if isinstance(each, Octets)) > MOST_OCTETS:
            return
        self._kept += fresh
        if len(self._kept) > MOST_EVENTS:
            missing = [Gap(side, None, GapReason.LIMIT) for side in Side]
            self._kept[_FIRST:-_LAST] = missing
