"""Packets of a pcap file: micro- and nanoseconds, the modified form, both byte orders (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING

from smtptrace.sources._feed import Read, fill

if TYPE_CHECKING:
    from smtptrace.sources import SourceReport

Packet = tuple[int, int, int, bytes, int, int, int]
"""(frame, time_ns, link, buffer, start, stop, wire): `buffer[start:stop]` was captured of `wire` octets."""

LARGEST_BLOCK = 16 * 1024 * 1024
"""No packet or block is longer, whatever the file claims."""

LARGEST_PACKET = 262_144
"""No packet is longer in a file that does not announce longer ones (libpcap's largest snap length)."""

_FILE_HEADER = 24
_NANOSECONDS = 10**9

# magic number as stored: byte order, nanoseconds a fraction, octets of a packet header
_FORMS = {
    order_magic: (order, scale, header)
    for magic, scale, header in ((0xA1B2C3D4, 1000, 16), (0xA1B23C4D, 1, 16), (0xA1B2CD34, 1000, 24))
    for order, order_magic in (("<", magic.to_bytes(4, "little")), (">", magic.to_bytes(4, "big")))
}

MAGICS = tuple(_FORMS)


def claims(head: bytes) -> bool:
    """Whether a file begins as pcap does."""
    return head[:4] in _FORMS


def packets(read: Read, buffer: bytes, report: SourceReport) -> Iterator[Packet]:
    """The packets of a pcap file whose first octets are `buffer`, in file order."""
    buffer = fill(read, buffer, 0, _FILE_HEADER)
    if len(buffer) < _FILE_HEADER:
        report.damage = "the file is cut off in its header"
        return
    order, scale, header = _FORMS[buffer[:4]]
    snaplen, network = Struct(order + "II").unpack_from(buffer, 16)
    link = network & 0xFFFF  # the upper half tells of frame check sequences
    report.snaplen = snaplen or None
    report.linktypes.add(link)
    longest = max(LARGEST_PACKET, snaplen) if snaplen <= LARGEST_BLOCK else LARGEST_PACKET
    unpack = Struct(order + "IIII").unpack_from
    frame, at, before, time_ns = 0, _FILE_HEADER, 0, None
    while True:
        size, held = len(buffer), 0
        while at + header <= size:
            seconds, fraction, held, wire = unpack(buffer, at)
            start = at + header
            stop = start + held
            if stop > size or held > longest:
                break
            frame += 1
            time_ns = seconds * _NANOSECONDS + fraction * scale
            yield frame, time_ns, link, buffer, start, stop, wire
            at, held = stop, 0
        report.packets, report.last_ns = frame, time_ns
        if held > longest:
            report.damage = f"packet {frame + 1} at octet {before + at} claims {held} octets: the file is damaged there"
            return
        need = header + held
        buffer, before, at = fill(read, buffer, at, need), before + at, 0
        if len(buffer) < need:
            if buffer:
                report.damage = f"the file is cut off in packet {frame + 1} at octet {before + len(buffer)}"
            return
