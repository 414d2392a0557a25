"""How a relay is to behave."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field

from smtptrace.record.watch import Tally
from smtptrace.wire import Endpoint

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to relay to, what to do about TLS, whom to let in, and how long to wait.

    `to_client` are the TLS settings towards clients, None where TLS is passed through untouched; `to_upstream` those
    towards the upstream. `client_tls` and `upstream_tls` tell of TLS from the first octet. `name` is checked against
    the upstream's certificate and sent as SNI. No `clients` lets everybody in. `fail_closed` relays nothing that
    cannot be recorded.
    """

    upstream: Endpoint
    to_upstream: ssl.SSLContext
    to_client: ssl.SSLContext | None
    name: str = ""
    client_tls: bool = False
    upstream_tls: bool = False
    clients: tuple[Network, ...] = ()
    most: int = 100
    timeout_s: float = 30.0
    idle_s: float = 600.0
    fail_closed: bool = False

    def lets_in(self, host: str) -> bool:
        """Whether a client with this numeric address may connect; an IPv4 address mapped into IPv6 counts as IPv4."""
        if not self.clients:
            return True
        address = ipaddress.ip_address(host.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self.clients)


@dataclass(slots=True)
class Report:
    """One relayed connection when it is over.

    `tls` are the versions towards client and upstream, None in clear; `sealed`: TLS was passed through. `problem` says
    what went wrong, "" where both sides ended by themselves; `notes` explain.
    """

    number: int
    client: Endpoint
    started_ns: int
    duration_s: float = 0.0
    tls: list[str | None] = field(default_factory=lambda: [None, None])
    octets: list[int] = field(default_factory=lambda: [0, 0])
    tally: Tally = field(default_factory=Tally)
    sealed: bool = False
    problem: str = ""
    notes: list[str] = field(default_factory=list)
