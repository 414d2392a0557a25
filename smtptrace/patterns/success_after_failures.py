"""A login is accepted after many refused ones for the same user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Login, logins, span_s
from smtptrace.patterns._window import Windows

SEVERITY = Severity.HIGH
INNOCENT = ("a person who remembered the password at last", "a program whose password was corrected")
REFERENCES = ("MITRE ATT&CK T1110", "MITRE ATT&CK T1078")
ADVICE = "Ask the user. If it was not the user: change the password, and look at what was sent under this login."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    failures: refused logins of the user before the accepted one, within the window.
    secrets: different secrets among them, where they can be told apart.
    window_s: seconds.
    """

    failures: int = 5
    secrets: int = 3
    window_s: float = 3600.0


class Fold:
    """The run of refused logins of each user, and the longest that ended in an acceptance."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._windows: Windows[str, Login] = Windows(thresholds.window_s, thresholds.failures)
        self._best: dict[str, list[Login]] = {}

    def add(self, row: SessionRow) -> None:
        """Take the logins of one session."""
        for login in row.logins:
            if not login.user:
                continue
            if login.refused:
                self._windows.add(login.user, login.time_ns, (row, login))
            elif login.accepted:
                refused = self._windows.end(login.user, login.time_ns)
                if len(refused) >= self._of.failures and len(refused) >= len(self._best.get(login.user, ())):
                    self._best[login.user] = [*refused, (row, login)]

    def found(self) -> Iterator[Sight]:
        """Users with such a run; of passwords that can be told apart there must have been several."""
        for user, items in self._best.items():
            *refused, (row, _) = items
            secrets = {login.secret for _, login in refused if login.secret}
            if secrets and len(secrets) < self._of.secrets:
                continue
            strangers = {other.client for other, _ in refused}
            where = "the same address" if strangers == {row.client} else f"{len(strangers | {row.client})} addresses"
            summary = (
                f"A login of {user} is accepted from {row.client} after {len(refused)} refused ones from {where}"
                f"{span_s([login.time_ns for _, login in items])}: consistent with a guessed password"
            )
            yield Sight(summary, logins(items), SEVERITY, 0.7 if secrets else 0.5)
