"""One user logs in from many addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Login, logins, span_s
from smtptrace.patterns._window import Best, Windows

SEVERITY = Severity.LOW
INNOCENT = ("a service account of many hosts", "a telephone that changes its network", "a NAT with several addresses")
REFERENCES = ("MITRE ATT&CK T1078",)
ADVICE = "Ask whether the account is meant to be used from these places; give each host an account of its own."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When it is told.

    addresses: different networks (the first three numbers of an IPv4 address, the first four groups of IPv6).
    window_s: seconds.
    """

    addresses: int = 4
    window_s: float = 86_400.0


class Fold:
    """Accepted logins by user, and at the end those of the window with the most networks."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._windows: Windows[str, Login] = Windows(thresholds.window_s)
        self._best: Best[str, list[Login]] = Best(_networks)

    def add(self, row: SessionRow) -> None:
        """Take the logins of one session."""
        for login in row.logins:
            if login.accepted and login.user:
                items = self._windows.add(login.user, login.time_ns, (row, login))
                if len(items) >= self._of.addresses:
                    self._best.offer(login.user, items)

    def found(self) -> Iterator[Sight]:
        """Users who were in many places."""
        for user, items in self._best.items():
            networks = _networks(items)
            if networks >= self._of.addresses:
                hosts = sorted({row.client for row, _ in items})
                summary = (
                    f"{user} logs in from {len(hosts)} addresses of {networks} networks"
                    f"{span_s([login.time_ns for _, login in items])} ({', '.join(hosts[:5])})"
                )
                yield Sight(summary, logins(items), SEVERITY, 0.6)


def _networks(items: list[Login]) -> int:
    return len({_network(row.client) for row, _ in items})


def _network(host: str) -> str:
    return ":".join(host.split(":")[:4]) if ":" in host else host.rpartition(".")[0]
