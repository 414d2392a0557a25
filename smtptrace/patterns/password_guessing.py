"""Many different passwords are tried for one user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Login, logins, span_s
from smtptrace.patterns._window import Windows

SEVERITY = Severity.MEDIUM
INNOCENT = ("a person who does not remember the password", "a program with an old password, if it is always the same")
REFERENCES = ("MITRE ATT&CK T1110.001", "CWE-307")
ADVICE = "Look whether one of them was accepted; limit attempts for each address and user, and offer AUTH on 587 only."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    failures: refused logins of one user within the window.
    secrets: different secrets among them, where they can be told apart; otherwise thrice the failures count.
    window_s: seconds.
    """

    failures: int = 10
    secrets: int = 5
    window_s: float = 3600.0


class Fold:
    """Refused logins by user, and at the end those of the fullest window."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._windows: Windows[str, Login] = Windows(thresholds.window_s, thresholds.failures)

    def add(self, row: SessionRow) -> None:
        """Take the logins of one session."""
        for login in row.logins:
            if login.refused and login.user:
                self._windows.add(login.user, login.time_ns, (row, login))

    def found(self) -> Iterator[Sight]:
        """Users for whom many passwords were tried."""
        for user, items in self._windows.fullest():
            secrets = {login.secret for _, login in items if login.secret}
            hidden = sum(login.secret is None for _, login in items)
            if len(secrets) >= self._of.secrets or hidden >= 3 * self._of.failures:
                clients = {row.client for row, _ in items}
                told = f"{len(secrets)} different passwords" if secrets else "proofs that cannot be told apart"
                summary = (
                    f"{len(items)} refused logins for {user}{span_s([login.time_ns for _, login in items])}, {told}, "
                    f"from {len(clients)} addresses: consistent with password guessing"
                )
                yield Sight(summary, logins(items), SEVERITY, 0.9 if secrets else 0.6)
