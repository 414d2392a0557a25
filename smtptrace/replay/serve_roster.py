"""Which recorded session is played to which client; safe for several connections at once."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Sequence

from smtptrace.errors import UsageError
from smtptrace.replay.serve_script import Recorded


class Match(enum.Enum):
    """How a client gets its session: in the recorded order, by the name in EHLO or HELO, by mechanism and user."""

    ORDER = "order"
    HELO = "helo"
    LOGIN = "login"


class Roster:
    """The sessions to play and those that were not played yet.

    Raises:
        UsageError: some begin with TLS and others do not, and are to be told apart by what comes after that.
    """

    def __init__(self, sessions: Sequence[Recorded], match: Match = Match.ORDER) -> None:
        if match is not Match.ORDER and len({each.implicit for each in sessions}) > 1:
            raise UsageError(f"--match {match.value}: some sessions begin with TLS and some do not; choose with -s")
        self.match = match
        self._all = tuple(sessions)
        self._left = list(sessions)
        self._given = 0
        self._lock = threading.Lock()

    def left(self) -> tuple[Recorded, ...]:
        """The sessions that nobody was served."""
        with self._lock:
            return tuple(self._left)

    def seat(self) -> Seat:
        """A place for one more client."""
        with self._lock:
            if self.match is not Match.ORDER:
                likely = self._found(lambda each: bool(each.logins)) if self.match is Match.LOGIN else None
                return Seat(self, likely or (self._left or self._all)[0])
            recorded = self._all[self._given % len(self._all)]
            self._given += 1
            self._given_to_one(recorded)
            return Seat(self, recorded)

    def take(self, otherwise: Recorded, *fits: Callable[[Recorded], bool]) -> Recorded:
        """The first session that fits, rather one that was not played yet; where none does, the next one."""
        with self._lock:
            found = self._found(*fits)
            if found is None:
                found = otherwise if not self._left or otherwise in self._left else self._left[0]
            self._given_to_one(found)
            return found

    def look(self, *fits: Callable[[Recorded], bool]) -> Recorded | None:
        """The same without taking it; None where none fits."""
        with self._lock:
            return self._found(*fits)

    def _found(self, *fits: Callable[[Recorded], bool]) -> Recorded | None:
        order = (*self._left, *self._all)
        return next((each for fit in fits for each in order if fit(each)), None)

    def _given_to_one(self, recorded: Recorded) -> None:
        self._left = [each for each in self._left if each is not recorded]


class Seat:
    """One client's session: `recorded` is settled once the client has said what it is matched by."""

    def __init__(self, roster: Roster, recorded: Recorded) -> None:
        self.recorded = recorded
        self._roster = roster
        self._waits = roster.match

    @property
    def settled(self) -> bool:
        """Whether it will not become another one."""
        return self._waits is Match.ORDER

    def hello(self, name: bytes) -> None:
        """The client gave its name."""
        if self._waits is Match.HELO:
            self._settle(lambda each: each.helo == name.lower())

    def mechanism(self, name: str) -> None:
        """The client begins to log in: a session in which somebody did so too serves until it tells who it is."""
        if self._waits is Match.LOGIN and name not in (each for each, _ in self.recorded.logins):
            likely = self._roster.look(lambda found: name in (each for each, _ in found.logins))
            self.recorded = likely or self.recorded

    def login(self, mechanism: str, user: str) -> None:
        """The client told who it is."""
        if self._waits is Match.LOGIN:
            key = (mechanism.upper(), user.lower())
            self._settle(lambda each: key in each.logins, lambda each: key[1] in (name for _, name in each.logins))

    def no_login(self) -> None:
        """The client goes on without logging in."""
        if self._waits is Match.LOGIN:
            self._settle(lambda each: not each.logins)

    def settle(self) -> None:
        """The client has spoken, and nothing told it apart."""
        if self._waits is not Match.ORDER:
            self._settle()

    def _settle(self, *fits: Callable[[Recorded], bool]) -> None:
        self._waits = Match.ORDER
        self.recorded = self._roster.take(self.recorded, *fits)
