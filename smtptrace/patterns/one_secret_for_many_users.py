"""The same password is used for many users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Login, logins
from smtptrace.patterns._window import MOST_ITEMS, MOST_KEYS

SEVERITY = Severity.MEDIUM
INNOCENT = ("accounts made from one template, whose password was never changed", "a test")
REFERENCES = ("MITRE ATT&CK T1110.003", "CWE-1392")
ADVICE = "Where the logins were accepted, change the passwords: who knows one, knows all."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    users: different users with the same secret.
    """

    users: int = 4


class Fold:
    """Logins by secret, where it can be read."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._kept: dict[str, dict[str, Login]] = {}

    def add(self, row: SessionRow) -> None:
        """Take the logins of one session."""
        for login in row.logins:
            if login.secret is None or not login.user or login.mechanism in {"XOAUTH2", "OAUTHBEARER"}:
                continue
            if login.secret not in self._kept and len(self._kept) >= MOST_KEYS:
                continue
            users = self._kept.setdefault(login.secret, {})
            if len(users) < MOST_ITEMS:
                known = users.get(login.user)
                if known is None or (login.accepted and not known[1].accepted):
                    users[login.user] = (row, login)

    def found(self) -> Iterator[Sight]:
        """Secrets of many users; worse where the server accepted them."""
        for secret, users in self._kept.items():
            if len(users) >= self._of.users:
                accepted = sum(login.accepted for _, login in users.values())
                told = "accepted for all" if accepted == len(users) else f"accepted for {accepted}"
                summary = f"The same password ({secret}) is used for {len(users)} users, {told}"
                yield Sight(summary, logins(list(users.values())), SEVERITY if accepted > 1 else Severity.LOW, 0.9)
