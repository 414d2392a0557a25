"""Which sessions are wanted: one filter for every command."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smtptrace.auth import AuthOutcome
from smtptrace.smtp import Outcome
from smtptrace.trace import Trace

Address = ipaddress.IPv4Network | ipaddress.IPv6Network


def _failed(trace: Trace) -> bool:
    """Something was refused, or there is a cause of failure."""
    return bool(trace.causes) or any(
        each.reply is not None and each.reply.code >= 400 for each in (*trace.session.exchanges,)
    )


ONLY: dict[str, Callable[[Trace], bool]] = {
    "failed": _failed,
    "auth": lambda trace: bool(trace.credentials),
    "auth-failed": lambda trace: any(each.outcome is AuthOutcome.REJECTED for each in trace.credentials),
    "auth-accepted": lambda trace: any(each.outcome is AuthOutcome.ACCEPTED for each in trace.credentials),
    "mail": lambda trace: any(each.outcome is Outcome.ACCEPTED for each in trace.session.transactions),
    "clear": lambda trace: trace.session.tls is None,
    "encrypted": lambda trace: trace.session.tls is not None and not trace.session.tls.opened,
    "incomplete": lambda trace: not trace.session.complete,
    "odd": lambda trace: bool(trace.session.anomalies),
}
"""What `--only` takes, and the question behind each word."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a session must be to be wanted; an empty field asks nothing.

    `ids` as `list` names them; `ports` of either end; `hosts` addresses, networks or names of either end; times in
    nanoseconds, any part of the session within; `users` as logged in, without regard to case, with or without domain;
    `only` are keys of `ONLY`, all of which must hold.
    """

    ids: Sequence[str] = ()
    ports: Sequence[int] = ()
    hosts: Sequence[str] = ()
    since_ns: int | None = None
    until_ns: int | None = None
    users: Sequence[str] = ()
    only: Sequence[str] = ()

    def takes(self, trace: Trace, name: str) -> bool:
        """Whether the session called `name` is wanted."""
        return (
            (not self.ids or name in self.ids)
            and (not self.ports or self._port(trace))
            and (not self.hosts or self._host(trace))
            and self._time(trace)
            and (not self.users or self._user(trace))
            and all(ONLY[word](trace) for word in self.only)
        )

    def __bool__(self) -> bool:
        return self != Selection()

    def _port(self, trace: Trace) -> bool:
        connection = trace.session.connection
        return connection.client.port in self.ports or connection.server.port in self.ports

    def _host(self, trace: Trace) -> bool:
        connection = trace.session.connection
        ends = (connection.client.host, connection.server.host)
        return any(_is_host(end, wanted) for end in ends for wanted in self.hosts)

    def _time(self, trace: Trace) -> bool:
        start, end = trace.session.start_ns, trace.session.end_ns
        if self.since_ns is not None and (end is None or end < self.since_ns):
            return False
        return self.until_ns is None or (start is not None and start <= self.until_ns)

    def _user(self, trace: Trace) -> bool:
        wanted = {user.casefold() for user in self.users}
        return any(not wanted.isdisjoint(_names(each.authcid, each.domain)) for each in trace.credentials)


def _names(authcid: str | None, domain: str | None) -> set[str]:
    """The ways in which a login may be named: whole, without its domain, with it in front."""
    if not authcid:
        return set()
    whole = authcid.casefold()
    names = {whole, whole.partition("@")[0], whole.rpartition("\\")[2]}
    return names | {f"{domain.casefold()}\\{whole}"} if domain else names


def _is_host(end: str, wanted: str) -> bool:
    if end.casefold() == wanted.casefold():
        return True
    try:
        return ipaddress.ip_address(end) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
