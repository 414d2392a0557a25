"""What holds from one pcapng section header to the next: byte order, interfaces, and the blocks beside the packets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING

from smtptrace.pcapng._marks import PREFIX
from smtptrace.sources._pcap import LARGEST_BLOCK, Packet

if TYPE_CHECKING:
    from smtptrace.sources import SourceReport

_INTERFACE, _STATISTICS, _SECRETS = 1, 5, 10
_COMMENT, _IF_NAME, _IF_TSRESOL, _IF_TSOFFSET = 1, 2, 9, 14
_DROP_COUNTERS = {5: "dropped by the interface", 7: "dropped by the system"}
_PACKET_DROP_COUNT = 4
_TLS_KEY_LOG = 0x544C534B
_MARK = PREFIX.encode()
_MOST_COMMENTS = 1000
_MOST_MARKS = 100_000
_MOST_INTERFACES = 65_536
_NANOSECONDS = 10**9

_LATE_KEYS = (
    "TLS keys stand behind packet {:,}; connections that ended before them stay encrypted "
    "unless the keys are given beside the file, with --keylog"
)

Interface = tuple[int, int, int, int]
"""(link, multiply, divide, offset_ns): a time is `count * multiply // divide + offset_ns`."""


class Section:
    """Reads the blocks of one section; what they tell of the capture goes into `report`."""

    def __init__(self, order: str, report: SourceReport, frame: int = 0) -> None:
        self.frame = frame
        self.interfaces: list[Interface] = []
        self.enhanced = Struct(order + "IIIII").unpack_from
        self._order = order
        self._report = report
        self._names: list[str] = []
        self._snaplens: list[int] = []

    def count_packet(self) -> None:
        """Go on to the next frame, which is a packet."""
        self.frame += 1
        self._report.packets += 1

    def simple(self, body: bytes, start: int, stop: int) -> Packet | None:
        """The packet of a simple packet block: of the first interface, without a time or a captured length."""
        if stop - start < 4 or not self.interfaces:
            return None
        (wire,) = self._unpack("I", body, start)
        end = min(start + 4 + min(wire, self._snaplens[0] or wire), stop)
        self._report.undated += 1
        return self.frame, 0, self.interfaces[0][0], body, start + 4, end, wire

    def old(self, body: bytes, start: int, stop: int) -> Packet | None:
        """The packet of an obsolete packet block."""
        if stop - start < 20:
            return None
        number, dropped, high, low, held, wire = self._unpack("HHIIII", body, start)
        start += 20
        if start + held > stop or number >= len(self.interfaces):
            return None
        if dropped != 0xFFFF:
            self._count_drops(number, dropped)
        link, multiply, divide, offset_ns = self.interfaces[number]
        self._report.last_ns = time_ns = (high << 32 | low) * multiply // divide + offset_ns
        return self.frame, time_ns, link, body, start, start + held, wire

    def read_header(self, body: bytes, start: int, stop: int) -> None:
        """Take the comments of a section header."""
        for code, value in self._options(body, start + 16, stop):
            if code == _COMMENT:
                self._comment(value)

    def read_packet_options(self, number: int, body: bytes, start: int, stop: int) -> None:
        """Take the comments and the drop count of an enhanced packet block."""
        for code, value in self._options(body, start, stop):
            if code == _COMMENT and value.startswith(_MARK):
                self._mark(value)
            elif code == _COMMENT:
                self._comment(value, f"packet {self.frame}: ")
            elif code == _PACKET_DROP_COUNT and len(value) == 8:
                self._count_drops(number, *self._unpack("Q", value, 0))

    def read_block(self, kind: int, body: bytes, start: int, stop: int) -> None:
        """Take what a block that is no packet tells; unknown ones are passed over."""
        readers = {_INTERFACE: self._read_interface, _STATISTICS: self._read_statistics, _SECRETS: self._read_secrets}
        if kind not in readers:
            return
        try:
            readers[kind](body[start:stop])
        except struct.error:
            self._report.skipped["block cut short"] += 1

    def _read_interface(self, body: bytes) -> None:
        if len(self.interfaces) >= _MOST_INTERFACES:
            self._report.skipped["too many interfaces"] += 1
            return
        link, snaplen = self._unpack("HxxI", body, 0)
        name, multiply, divide, offset_ns = "", 1000, 1, 0
        for code, value in self._options(body, 8, len(body)):
            if code == _IF_NAME:
                name = value.rstrip(b"\0").decode("utf-8", "replace")
            elif code == _IF_TSRESOL and value:
                base, power = (2, value[0] & 0x7F) if value[0] & 0x80 else (10, value[0])
                multiply, divide = _NANOSECONDS, base**power
            elif code == _IF_TSOFFSET and len(value) == 8:
                offset_ns = self._unpack("q", value, 0)[0] * _NANOSECONDS
            elif code == _COMMENT:
                self._comment(value)
        self.interfaces.append((link, multiply, divide, offset_ns))
        self._names.append(name or f"interface {len(self._names)}")
        self._snaplens.append(snaplen)
        self._report.linktypes.add(link)
        if snaplen:
            self._report.snaplen = min(snaplen, self._report.snaplen or snaplen)

    def _read_statistics(self, body: bytes) -> None:
        (number,) = self._unpack("I", body, 0)
        name = self._names[number] if number < len(self._names) else f"interface {number}"
        for code, value in self._options(body, 12, len(body)):
            if code in _DROP_COUNTERS and len(value) == 8:  # totals so far: the last block of an interface holds
                self._report.drops[f"{name}: {_DROP_COUNTERS[code]}"] = self._unpack("Q", value, 0)[0]
            elif code == _COMMENT:
                self._comment(value)

    def _read_secrets(self, body: bytes) -> None:
        kind, length = self._unpack("II", body, 0)
        held = sum(map(len, self._report.tls_keys))
        if kind == _TLS_KEY_LOG and held + length <= LARGEST_BLOCK:
            if self._report.packets and not self._report.tls_keys:
                self._report.notices.append(_LATE_KEYS.format(self._report.packets))
            self._report.tls_keys.append(body[8 : 8 + length])
        else:
            self._report.skipped["secrets of another kind" if kind != _TLS_KEY_LOG else "too many secrets"] += 1

    def _count_drops(self, number: int, dropped: int) -> None:
        if dropped:
            name = f"{self._names[number]}: dropped between packets"
            self._report.drops[name] = self._report.drops.get(name, 0) + dropped

    def _comment(self, value: bytes, where: str = "") -> None:
        if len(self._report.comments) < _MOST_COMMENTS:
            self._report.comments.append(where + value.rstrip(b"\0").decode("utf-8", "replace"))
        else:
            self._report.skipped["too many comments"] += 1

    def _mark(self, value: bytes) -> None:
        if len(self._report.marks) < _MOST_MARKS:
            self._report.marks.append((self.frame, value.decode("utf-8", "replace")))
        else:
            self._report.skipped["too many marks"] += 1

    def _options(self, body: bytes, at: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Code and value of each option between `at` and `stop`."""
        head = Struct(self._order + "HH").unpack_from
        while at + 4 <= stop:
            code, length = head(body, at)
            if not code or at + 4 + length > stop:
                return
            yield code, body[at + 4 : at + 4 + length]
            at += 4 + (length + 3 & ~3)

    def _unpack(self, form: str, body: bytes, at: int) -> tuple[int, ...]:
        return Struct(self._order + form).unpack_from(body, at)
