"""Community ID of a connection, as Zeek, Suricata and Wireshark write it (github.com/corelight/community-id-spec)."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from functools import lru_cache

from smtptrace.wire import Connection, Endpoint

_VERSION, _SEED, _TCP = "1:", bytes(2), bytes((6, 0))


def community_id(connection: Connection) -> str | None:
    """The Community ID (version 1, seed 0), None where an endpoint is no numeric address with a port."""
    client, server = _packed(connection.client), _packed(connection.server)
    if client is None or server is None or len(client[0]) != len(server[0]):
        return None
    (low, low_port), (high, high_port) = sorted((client, server))
    digest = hashlib.sha1(_SEED + low + high + _TCP + low_port + high_port, usedforsecurity=False).digest()
    return _VERSION + base64.b64encode(digest).decode("ascii")


def _packed(end: Endpoint) -> tuple[bytes, bytes] | None:
    """Address and port in network order."""
    address = _address(end.host)
    return (address, end.port.to_bytes(2, "big")) if address and end.port else None


@lru_cache(4096)
def _address(host: str) -> bytes | None:
    try:
        return ipaddress.ip_address(host).packed
    except ValueError:
        return None
