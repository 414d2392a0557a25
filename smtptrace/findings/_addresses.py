"""Addresses and domains as the rules compare them."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "gob", "go"))
_LOCAL = (".local", ".lan", ".internal", ".corp", ".intra", ".home", ".localdomain", ".intern", ".priv")
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10".split(),
    )
)
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def address_of(path: bytes) -> str:
    """A mailbox in lower case, as text."""
    return path.decode("utf-8", "replace").strip("<> ").lower()


def domain_of(address: str) -> str:
    """The domain of a mailbox, "" where it has none."""
    return address.rpartition("@")[2] if "@" in address else ""


@lru_cache(maxsize=4096)
def organisation(domain: str) -> str:
    """The last labels of a domain that name whose it is: two, three where the second is a kind of registry."""
    labels = domain.strip("[].").split(".")
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


@lru_cache(maxsize=4096)
def is_private(host: str) -> bool:
    """Whether a numeric address is of a network of its own: private, loopback or link-local."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE if network.version == address.version)


def first_host(text: str) -> str:
    """The first host name in a text, lower case."""
    found = _HOST.search(text.lower())
    return found.group() if found else ""


def is_internal_name(host: str) -> bool:
    """Whether a host name is of a kind that no public DNS holds."""
    return host.endswith(_LOCAL)
