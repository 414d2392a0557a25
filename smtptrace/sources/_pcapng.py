"""Packets of a pcapng file: sections, interfaces and every packet block (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING

from smtptrace.sources._feed import Read, fill
from smtptrace.sources._pcap import LARGEST_BLOCK, Packet
from smtptrace.sources._section import Section

if TYPE_CHECKING:
    from smtptrace.sources import SourceReport

MAGIC = b"\n\r\r\n"
_SECTION, _OLD_PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 2, 3, 6
_OTHER_RECORDS = frozenset({0x0BAD, 0x40000BAD, 9, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222})
"""Custom blocks, systemd's journal and sysdig's events, which Wireshark counts as frames too."""
_SMALLEST_BLOCK = 12

Block = tuple[int, bytes, int, int]
"""(kind, buffer, start, stop) of a block's body, without the lengths around it."""


def claims(head: bytes) -> bool:
    """Whether a file begins with a section header."""
    return head[:4] == MAGIC and (len(head) < 12 or _byte_order(head, 0) is not None)


def packets(read: Read, buffer: bytes, report: SourceReport) -> Iterator[Packet]:
    """The packets of a pcapng file whose first octets are `buffer`, in file order.

    Frames are counted as Wireshark does. A packet without a time (simple packet block) has 0 and is counted as undated.
    """
    section = Section("<", report)
    enhanced = section.enhanced
    for kind, body, start, stop in _blocks(read, buffer, report):
        if kind == _ENHANCED and stop - start >= 20:
            number, high, low, held, wire = enhanced(body, start)
            section.count_packet()
            data = start + 20
            end = data + held
            if end > stop or number >= len(section.interfaces):
                report.skipped["bad packet block"] += 1
                continue
            link, multiply, divide, offset_ns = section.interfaces[number]
            report.last_ns = time_ns = (high << 32 | low) * multiply // divide + offset_ns
            if end + 4 <= stop:  # before the packet: marks tell what came before its octets
                section.read_packet_options(number, body, data + (held + 3 & ~3), stop)
            yield section.frame, time_ns, link, body, data, end, wire
        elif kind in (_SIMPLE, _OLD_PACKET):
            section.count_packet()
            packet = (section.simple if kind == _SIMPLE else section.old)(body, start, stop)
            if packet is None:
                report.skipped["bad packet block"] += 1
            else:
                yield packet
        elif kind == _SECTION:
            section = Section(_byte_order(body, start - 8) or "<", report, section.frame)
            enhanced = section.enhanced
            section.read_header(body, start, stop)
        elif kind in _OTHER_RECORDS:
            section.frame += 1
        else:
            section.read_block(kind, body, start, stop)


def _byte_order(buffer: bytes, at: int) -> str | None:
    """The byte order that the section header at `at` announces."""
    return {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(buffer[at + 8 : at + 12])


def _blocks(read: Read, buffer: bytes, report: SourceReport) -> Iterator[Block]:
    """The blocks of the file until it ends or is damaged."""
    lengths = Struct("<II").unpack_from
    at = before = 0
    while True:
        size, need = len(buffer), _SMALLEST_BLOCK
        while at + _SMALLEST_BLOCK <= size:
            kind, length = lengths(buffer, at)
            if kind == _SECTION:
                order = _byte_order(buffer, at)
                if order is None:
                    report.damage = f"the section header at octet {before + at} is damaged"
                    return
                lengths = Struct(order + "II").unpack_from
                kind, length = lengths(buffer, at)
            stop = at + (length + 3 & ~3)
            if not _SMALLEST_BLOCK <= length <= LARGEST_BLOCK:
                report.damage = f"the block at octet {before + at} claims {length} octets: the file is damaged there"
                return
            if stop > size:
                need = stop - at
                break
            if buffer[at + 4 : at + 8] != buffer[stop - 4 : stop]:
                report.damage = f"the block at octet {before + at} states two lengths: the file is damaged there"
                return
            yield kind, buffer, at + 8, stop - 4
            at = stop
        buffer, before, at = fill(read, buffer, at, need), before + at, 0
        if len(buffer) < need:
            if buffer:
                report.damage = f"the file is cut off after packet {report.packets} at octet {before + len(buffer)}"
            return
