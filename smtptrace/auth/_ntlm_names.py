"""Names of the numbers in NTLM messages ([MS-NLMP] 2.2.2)."""

from __future__ import annotations

import datetime

UNICODE, OEM = 0x1, 0x2
LM_KEY, ANONYMOUS, TARGET_INFO, VERSION = 0x80, 0x800, 0x800000, 0x2000000
EXTENDED_SESSION_SECURITY, NON_NT_SESSION_KEY, KEY_EXCH = 0x80000, 0x400000, 0x40000000

_FLAGS = {
    0x1: "UNICODE",
    0x2: "OEM",
    0x4: "REQUEST_TARGET",
    0x10: "SIGN",
    0x20: "SEAL",
    0x40: "DATAGRAM",
    0x80: "LM_KEY",
    0x200: "NTLM",
    0x800: "ANONYMOUS",
    0x1000: "OEM_DOMAIN_SUPPLIED",
    0x2000: "OEM_WORKSTATION_SUPPLIED",
    0x4000: "LOCAL_CALL",
    0x8000: "ALWAYS_SIGN",
    0x10000: "TARGET_TYPE_DOMAIN",
    0x20000: "TARGET_TYPE_SERVER",
    0x40000: "TARGET_TYPE_SHARE",
    0x80000: "EXTENDED_SESSIONSECURITY",
    0x100000: "IDENTIFY",
    0x400000: "REQUEST_NON_NT_SESSION_KEY",
    0x800000: "TARGET_INFO",
    0x2000000: "VERSION",
    0x20000000: "128",
    0x40000000: "KEY_EXCH",
    0x80000000: "56",
}
_PAIRS = {
    0: "MsvAvEOL",
    1: "MsvAvNbComputerName",
    2: "MsvAvNbDomainName",
    3: "MsvAvDnsComputerName",
    4: "MsvAvDnsDomainName",
    5: "MsvAvDnsTreeName",
    6: "MsvAvFlags",
    7: "MsvAvTimestamp",
    8: "MsvAvSingleHost",
    9: "MsvAvTargetName",
    10: "MsvAvChannelBindings",
}
_PRODUCTS = {
    (5, 0): "Windows 2000",
    (5, 1): "Windows XP",
    (5, 2): "Windows Server 2003",
    (6, 0): "Windows Vista or Server 2008",
    (6, 1): "Windows 7 or Server 2008 R2",
    (6, 2): "Windows 8 or Server 2012",
    (6, 3): "Windows 8.1 or Server 2012 R2",
}
_BUILDS = {
    14393: "Windows Server 2016",
    17763: "Windows Server 2019",
    20348: "Windows Server 2022",
    26100: "Windows Server 2025",
}
_FILETIME_EPOCH_NS = -11_644_473_600 * 10**9
_EARLIEST_NS, _LATEST_NS = 0, 7_258_118_400 * 10**9
"""1970 to 2200: a clock outside says nothing."""


def flag_names(flags: int) -> list[str]:
    """The names of the bits that are set, lowest first; unknown ones as `reserved(0x..)`."""
    known = [name for bit, name in _FLAGS.items() if flags & bit]
    rest = flags & ~sum(_FLAGS)
    return [*known, f"reserved(0x{rest:x})"] if rest else known


def pair_name(number: int) -> str:
    """The name of an AV pair's id."""
    return _PAIRS.get(number, f"MsvAv{number}")


def version_text(octets: bytes) -> str | None:
    """`10.0.17763 (Windows Server 2019)` of the eight octets of a VERSION structure, None where they are zero."""
    if len(octets) < 8 or not any(octets):
        return None
    major, minor, build = octets[0], octets[1], int.from_bytes(octets[2:4], "little")
    product = _PRODUCTS.get((major, minor)) or _BUILDS.get(build) or ("Windows 10 or later" if major == 10 else "")
    return f"{major}.{minor}.{build}" + (f" ({product})" if product else "")


def filetime_ns(octets: bytes) -> int | None:
    """Nanoseconds since 1970 of a FILETIME, None where it is no time between 1970 and 2200."""
    if len(octets) != 8:
        return None
    at = int.from_bytes(octets, "little") * 100 + _FILETIME_EPOCH_NS
    return at if _EARLIEST_NS < at < _LATEST_NS else None


def iso(time_ns: int) -> str:
    """The time in UTC to the second."""
    at = datetime.datetime.fromtimestamp(time_ns // 10**9, datetime.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
