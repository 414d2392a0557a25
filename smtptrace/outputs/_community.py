"""Community ID of a connection, as Zeek, Suricata and Wireshark write it."""

from __future__ import annotations

import ipaddress
from functools import cache, lru_cache
from typing import Any

from smtptrace.wire import Connection

_TCP = 6


def community_id(connection: Connection) -> str | None:
    """The Community ID (version 1, seed 0), None where an endpoint is no numeric address with a port."""
    ends = (connection.client, connection.server)
    hosts = [host for end in ends if (host := _packed(end.host))]
    if len(hosts) < 2 or not all(end.port for end in ends):
        return None
    if len(hosts[0]) != len(hosts[1]):  # one IPv4, one IPv6
        return None
    identity, flow = _library()
    first, last = sorted((host, end.port.to_bytes(2)) for host, end in zip(hosts, ends, strict=True))
    made = identity.hash(flow(_TCP, first[0], last[0], first[1], last[1]))
    return None if made is None else str(identity.render(made))


@cache
def _library() -> tuple[Any, Any]:
    import communityid

    return communityid.CommunityID(), communityid.FlowTuple


@lru_cache(4096)
def _packed(host: str) -> bytes | None:
    """The address in network order."""
    try:
        return ipaddress.ip_address(host).packed
    except ValueError:
        return None
