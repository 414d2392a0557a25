"""Community ID of a connection, as Zeek, Suricata and Wireshark write it."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import Any

from smtptrace.wire import Connection


def community_id(connection: Connection) -> str | None:
    """The Community ID (version 1, seed 0), None where an endpoint is no numeric address with a port."""
    client, server = connection.client, connection.server
    if not (client.port and server.port and _numeric(client.host) and _numeric(server.host)):
        return None
    identity, flow = _library()
    made = identity.calc(flow.make_tcp(client.host, server.host, client.port, server.port))
    return None if made is None else str(made)


@cache
def _library() -> tuple[Any, Any]:
    import communityid

    return communityid.CommunityID(), communityid.FlowTuple


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
