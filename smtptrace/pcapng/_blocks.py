"""The blocks of a pcapng file that we write (draft-ietf-opsawg-pcapng), little-endian."""

from __future__ import annotations

import struct
from collections.abc import Iterable

ETHERNET = 1
LONGEST_COMMENT = 60_000
"""Octets of one comment that are written; an option holds 65,535."""

_SECTION, _INTERFACE, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 5, 6
_END, _COMMENT = 0, 1
_APPLICATION, _NAME, _RESOLUTION, _FILTER = 4, 2, 9, 11
_DROPPED_BY_INTERFACE, _DROPPED_BY_SYSTEM = 5, 7


def section(application: str, comment: str) -> bytes:
    """The header of a section of unknown length."""
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    return _block(_SECTION, body + _options([(_COMMENT, comment.encode()), (_APPLICATION, application.encode())]))


def interface(name: str, link: int = ETHERNET, capture_filter: str = "") -> bytes:
    """An interface without snap length whose times are nanoseconds; the filter is in libpcap's words, "" for none."""
    body = struct.pack("<HHI", link, 0, 0)
    options = [(_NAME, name.encode("utf-8", "surrogateescape")), (_RESOLUTION, b"\x09")]
    if capture_filter:
        options.append((_FILTER, b"\0" + shortened(capture_filter)))
    return _block(_INTERFACE, body + _options(options))


def statistics(number: int, time_ns: int, by_interface: int | None, by_system: int | None) -> bytes:
    """How many packets of an interface were dropped in all up to a time, as far as it is known."""
    counts = ((_DROPPED_BY_INTERFACE, by_interface), (_DROPPED_BY_SYSTEM, by_system))
    options = [(code, struct.pack("<Q", count)) for code, count in counts if count is not None]
    return _block(_STATISTICS, struct.pack("<I", number) + _stamp(time_ns) + _options(options))


def packet(time_ns: int, octets: bytes, length: int, comments: Iterable[str] = (), number: int = 0) -> bytes:
    """One packet of an interface; `length` is what it had on the wire, more than `octets` where some are not here."""
    body = struct.pack("<I", number) + _stamp(time_ns) + struct.pack("<II", len(octets), length) + _padded(octets)
    return _block(_PACKET, body + _options([(_COMMENT, shortened(comment)) for comment in comments]))


def _stamp(time_ns: int) -> bytes:
    """A time in its two halves; one that does not fit is the nearest that does."""
    fitting = min(max(time_ns, 0), (1 << 64) - 1)
    return struct.pack("<II", fitting >> 32, fitting & 0xFFFFFFFF)


def shortened(comment: str) -> bytes:
    """A comment in UTF-8 that fits into an option."""
    octets = comment.encode("utf-8", "backslashreplace")
    if len(octets) <= LONGEST_COMMENT:
        return octets
    return octets[:LONGEST_COMMENT].decode("utf-8", "ignore").encode() + b" [cut]"


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _options(options: list[tuple[int, bytes]]) -> bytes:
    if not options:
        return b""
    written = (struct.pack("<HH", code, len(value)) + _padded(value) for code, value in [*options, (_END, b"")])
    return b"".join(written)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
