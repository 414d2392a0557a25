"""One user logs in from many addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtptrace.findings import Severity, Sight
from smtptrace.patterns._row import SessionRow
from smtptrace.patterns._shown import Login, logins, span_s
from smtptrace.patterns._window import MOST_ITEMS, MOST_KEYS

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
    """The last accepted login of each user from each network, and at the end the most that lay in one window."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._of = thresholds
        self._ns = int(thresholds.window_s * 1e9)
        self._last: dict[str, dict[str, Login]] = {}
        self._best: dict[str, list[Login]] = {}

    def add(self, row: SessionRow) -> None:
        """Take the logins of one session."""
        for login in row.logins:
            if login.accepted and login.user and (login.user in self._last or len(self._last) < MOST_KEYS):
                networks = self._last.setdefault(login.user, {})
                network = _network(row.client)
                if network in networks or len(networks) < MOST_ITEMS:
                    fresh = network not in networks
                    networks[network] = (row, login)
                    if fresh:
                        self._look(login.user, login.time_ns)

    def _look(self, user: str, now_ns: int | None) -> None:
        """Keep what lies in the window now, if it is more than before."""
        start = None if now_ns is None else now_ns - self._ns
        seen = [item for item in self._last[user].values() if start is None or (item[1].time_ns or start) >= start]
        if len(seen) >= self._of.addresses and len(seen) > len(self._best.get(user, ())):
            self._best[user] = seen

    def found(self) -> Iterator[Sight]:
        """Users who were in many places."""
        for user, items in self._best.items():
            hosts = sorted({row.client for row, _ in items})
            summary = (
                f"{user} logs in from {len(items)} networks{span_s([login.time_ns for _, login in items])} "
                f"({', '.join(hosts[:5])})"
            )
            yield Sight(summary, logins(items), SEVERITY, 0.6)


def _network(host: str) -> str:
    return ":".join(host.split(":")[:4]) if ":" in host else host.rpartition(".")[0]
