"""Who the client was, told to a server that takes it from a proxy: a header of the PROXY protocol, or XCLIENT.

The PROXY protocol is HAProxy's (proxy-protocol.txt, versions 1 and 2), XCLIENT is Postfix's (XCLIENT_README).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Collection
from dataclasses import replace

from smtptrace.errors import UsageError
from smtptrace.replay.script import Act, Script, Step
from smtptrace.wire import Endpoint

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_PROXIED, _STREAM = 0x21, 0x01
_FAMILIES = {4: 0x10, 6: 0x20}


def proxy_header(version: str, client: Endpoint, server: Endpoint) -> bytes:
    """The header of this version ("v1", "v2"), for a connection from `client` to `server`, both numeric.

    Where one has an address of IPv4 and the other of IPv6, the first is written as one of IPv6.

    Raises:
        UsageError: one of them has no numeric address.
    """
    ends = _of_one_family(address(client), address(server))
    ports = (client.port, server.port)
    if version == "v1":
        words = (f"TCP{ends[0].version}", *map(str, ends), *map(str, ports))
        return f"PROXY {' '.join(words)}\r\n".encode()
    body = b"".join(each.packed for each in ends) + struct.pack("!HH", *ports)
    return _SIGNATURE + struct.pack("!BBH", _PROXIED, _FAMILIES[ends[0].version] | _STREAM, len(body)) + body


def address(place: Endpoint) -> Address:
    """The numeric address of a place.

    Raises:
        UsageError: it has none.
    """
    try:
        found = ipaddress.ip_address(place.host.partition("%")[0])
    except ValueError as error:
        raise UsageError(
            f"{place.host!a}: no address of a client; name one with --client-address ADDRESS[:PORT]"
        ) from error
    return getattr(found, "ipv4_mapped", None) or found


def _of_one_family(one: Address, two: Address) -> tuple[Address, Address]:
    if one.version == two.version:
        return one, two
    first, second = (each if each.version == 6 else ipaddress.ip_address(f"::ffff:{each}") for each in (one, two))
    return first, second


def with_xclient(script: Script, client: Endpoint) -> Script:
    """The script with XCLIENT after its first EHLO, and that EHLO again, for the target greets anew.

    Raises:
        UsageError: the client has no numeric address, or the session has no EHLO.
    """
    at = next((at for at, step in enumerate(script.steps) if step.act is Act.HELLO and step.verb == "EHLO"), None)
    if at is None:
        raise UsageError(f"session {script.name}: --xclient: it has no EHLO after which the target could offer it")
    numeric = address(client)
    written = f"IPV6:{numeric}" if numeric.version == 6 else f"{numeric}"
    line = f"XCLIENT NAME=[UNAVAILABLE] ADDR={written} PORT={client.port}".encode()
    again = replace(script.steps[at], recorded=None, expect=None)
    steps = (*script.steps[: at + 1], Step(Act.XCLIENT, "XCLIENT", line), again, *script.steps[at + 1 :])
    return replace(script, steps=steps)


def allowed_attributes(line: bytes, offered: Collection[str]) -> bytes:
    """The XCLIENT command with the attributes that the target offers; empty where the address is none of them."""
    verb, *words = line.split(b" ")
    kept = [word for word in words if word.partition(b"=")[0].decode() in offered]
    return b" ".join([verb, *kept]) if any(word.startswith(b"ADDR=") for word in kept) else b""
