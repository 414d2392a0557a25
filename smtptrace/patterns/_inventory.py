"""Who uses the server how, and what would stop if old ways were turned off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from smtptrace.patterns._row import SessionRow

MOST = 100_000
"""Different uses that are kept; more are counted in `left_out`."""

_BASIC = frozenset(("LOGIN", "PLAIN"))
_OLD_TLS = ("SSL", "TLSv1.0", "TLSv1.1", "TLS 1.0", "TLS 1.1")
_Key = tuple[str, str, str, str, str, str]


@dataclass(slots=True)
class Use:
    """One way in which the server is used: who, how, how often, and when.

    `breaks` names what would stop it: `basic-auth`, `old-tls`, `anonymous-relay`.
    """

    client: str
    helo: str
    user: str
    mechanism: str
    tls: str
    connector: str
    sessions: int = 0
    logins: int = 0
    refused: int = 0
    messages: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    breaks: set[str] = field(default_factory=set)


class Inventory:
    """Adds up sessions by client, name, user, mechanism, TLS version and connector."""

    def __init__(self) -> None:
        self._uses: dict[_Key, Use] = {}
        self.left_out = 0

    def add(self, row: SessionRow) -> None:
        """Take one session; it counts once for each user it logged in as."""
        logins = row.logins or (None,)
        for login in logins:
            user, mechanism = (login.user, login.mechanism) if login else ("", "")
            use = self._use((row.client, row.helo, user, mechanism, row.tls, row.connector))
            if use is None:
                continue
            use.sessions += 1
            if login is not None:
                use.logins += login.accepted
                use.refused += login.refused
            sent = sum(message.accepted for message in row.messages if message.user == user)
            use.messages += sent
            _extend(use, row.time_ns)
            _judge(use, sent, accepted=bool(login and login.accepted))

    def _use(self, key: _Key) -> Use | None:
        use = self._uses.get(key)
        if use is None and len(self._uses) < MOST:
            use = self._uses[key] = Use(*key)
        self.left_out += use is None
        return use

    def uses(self) -> Iterator[Use]:
        """What was added up, the most used first."""
        return iter(sorted(self._uses.values(), key=lambda use: (-use.messages - use.logins, use.client, use.user)))


def _extend(use: Use, time_ns: int | None) -> None:
    if time_ns is not None:
        use.first_ns = time_ns if use.first_ns is None else min(use.first_ns, time_ns)
        use.last_ns = time_ns if use.last_ns is None else max(use.last_ns, time_ns)


def _judge(use: Use, sent: int, *, accepted: bool) -> None:
    if accepted and use.mechanism in _BASIC:
        use.breaks.add("basic-auth")
    if (accepted or sent) and (use.tls.startswith(_OLD_TLS) or use.tls == "TLSv1"):
        use.breaks.add("old-tls")
    if sent and not use.user:
        use.breaks.add("anonymous-relay")
