"""One client tries a few passwords for many users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Login, logins, span_s
from smtptrace.patterns._window import Windows

SEVERITY = Severity.MEDIUM
INNOCENT = (
    "many users behind one address (NAT, a web mailer) after a change of passwords",
    "a relay that logs in for others",
)
REFERENCES = ("MITRE ATT&CK T1110.003", "CWE-307")
ADVICE = "Look whether one of them was accepted; block the address, and limit attempts for each address."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    users: different users whose login from one address was refused within the window.
    refused_share: share of refused logins among all logins of that address.
    window_s: seconds.
    """

    users: int = 8
    refused_share: float = 0.8
    window_s: float = 3600.0


class Fold:
    """Logins by client, and at the end those of the fullest window."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._windows: Windows[str, Login] = Windows(thresholds.window_s, thresholds.users)

    def add(self, row: SessionRow) -> None:
        """Take the logins of one session."""
        for login in row.logins:
            if login.user and (login.refused or login.accepted):
                self._windows.add(row.client, login.time_ns, (row, login))

    def found(self) -> Iterator[Sight]:
        """Clients that tried many users."""
        for client, items in self._windows.fullest():
            refused = [item for item in items if item[1].refused]
            users = _users(refused)
            if users >= self._of.users and len(refused) >= self._of.refused_share * len(items):
                secrets = {login.secret for _, login in refused if login.secret}
                told = f" with {len(secrets)} different passwords" if secrets else ""
                accepted = len(items) - len(refused)
                summary = (
                    f"{client} tries {users} users{told}{span_s([login.time_ns for _, login in items])}: "
                    f"{len(refused)} refused, {accepted} accepted: consistent with password spraying"
                )
                yield Sight(summary, logins(refused), Severity.HIGH if accepted else SEVERITY, 0.8)


def _users(items: list[Login]) -> int:
    return len({login.user for _, login in items})
