"""The argument of EHLO against the standard."""

from __future__ import annotations

import ipaddress
import re

_NAME = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+\.?")
_LONGEST = 255


def fault_of(name: bytes) -> str:
    """In words, what is wrong with the name (RFC 5321, 4.1.1.1 and 4.1.3); "" where nothing is."""
    text = name.strip()
    if text.startswith(b"["):
        return _literal_fault(text)
    faults = (
        (not text, "is empty"),
        (not text.isascii(), "holds non-ASCII characters"),
        (b"_" in text, "holds an underscore"),
        (b" " in text or b"\t" in text, "is more than one word"),
        (b"." not in text, "is not fully qualified"),
        (text.endswith(b"."), "ends in a dot"),
        (len(text) > _LONGEST or not _NAME.fullmatch(text) or _is_number(text), "is no host name"),
    )
    return next((words for is_so, words in faults if is_so), "")


def is_own_name(name: bytes) -> bool:
    """Whether it is a name that every host calls itself."""
    text = name.strip().lower()
    return text in {b"localhost", b"localhost.localdomain", b"[127.0.0.1]", b"127.0.0.1", b"[ipv6:::1]", b"local"}


def _is_number(text: bytes) -> bool:
    try:
        ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        return False
    return True


def _literal_fault(text: bytes) -> str:
    inner = text[1:-1].decode("ascii", "replace") if text.endswith(b"]") else ""
    mapped = inner.lower().removeprefix("ipv6:")
    try:
        address = ipaddress.ip_address(mapped)
    except ValueError:
        return "is no valid address literal"
    if address.version == 6 and address.ipv4_mapped is not None:
        return "is an IPv4-mapped IPv6 literal"
    return ""
