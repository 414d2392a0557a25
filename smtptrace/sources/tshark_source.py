"""Captures of any format that Wireshark opens, dissected by tshark: octets, sequence numbers and times are its own.

pcap and pcapng are read through tshark as a child process, other formats through pyshark where it works.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from smtptrace.errors import UnreadableError
from smtptrace.sources import _pyshark, capfile
from smtptrace.sources._feed import PIECE, reader
from smtptrace.sources._layers import Skip
from smtptrace.sources._tshark import Tshark, program

if TYPE_CHECKING:
    from smtptrace.segment import Segment
    from smtptrace.sources import SourceReport

_MAGICS = (
    b"snoop\0\0\0", b"GMBU", b"RTSS", b"TRSNIFF data    ", b"\x05VNF", b"XCP\0", b"VL\0\0", b"ObserverPktBuffe",
    b"\xaa\xaa\xaa\xaa", b"iptrace ", b"EyeSDN", b"\x01\x10\x4c\x00\x01\x05", b"\x54\x52\x00\x64\x00",
)  # fmt: skip

_FIELDS = (
    "frame.number", "frame.time_epoch", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport",
    "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.len", "tcp.payload",
)  # fmt: skip

_PREFERENCES = {"tcp.desegment_tcp_streams": "FALSE", "ip.defragment": "TRUE", "ipv6.defragment": "TRUE"}

_ABOUT_OTHERS = frozenset({"icmp", "icmpv6", "sflow"})
"""Protocols that quote the headers of packets sent elsewhere."""

_RST = 4

_TIME = re.compile(r"([0-9]{1,12})\.([0-9]{9})")


def claims(head: bytes) -> bool:
    """Whether the first octets are those of a capture that Wireshark opens and we do not."""
    return head.startswith(_MAGICS)


def segments(stream: BinaryIO, report: SourceReport) -> Iterator[Segment]:
    """One tuple for each TCP packet, in file order; damage ends the iteration and is told in `report.damage`.

    A stream that is no file by itself (standard input, compressed) is stored first. Raises MissingError where tshark
    is not installed.
    """
    report.engine = report.format = "tshark"
    with Tshark() as tshark:
        path = getattr(stream, "path", None)
        if path is None:
            path, report.damage = _stored(stream, tshark.folder / "capture")
        path = Path(path).absolute()
        _read_beside(path, report)
        for row in _rows(tshark, str(path)):
            report.packets += 1
            try:
                segment = _segment(row, report)
            except Skip as skip:
                report.skipped[str(skip)] += 1
                continue
            yield segment
        report.damage = report.damage or tshark.complaint()


def _stored(stream: BinaryIO, path: Path) -> tuple[Path, str | None]:
    """A file with the octets of a stream, and why they are not all."""
    read = reader(stream)
    try:
        with path.open("wb") as file:
            while piece := read(PIECE):
                file.write(piece)
    except UnreadableError as error:
        return path, str(error)
    return path, None


def _read_beside(path: Path, report: SourceReport) -> None:
    """Take what a capture file of ours tells beside its packets, which tshark does not give."""
    beside = type(report)()
    with path.open("rb") as stream:
        for _ in capfile.packets(stream, beside):
            pass
    for name in ("tls_keys", "comments", "marks", "drops", "linktypes", "snaplen"):
        setattr(report, name, getattr(beside, name))


def _rows(tshark: Tshark, path: str) -> Iterator[list[str]]:
    """The fields of each frame, through pyshark as far as it comes, then through tshark."""
    seen = 0
    with Path(path).open("rb") as file:
        head = file.read(8)
    if _pyshark.works_here() and not capfile.claims(head):
        for row in _pyshark.rows(path, program(), _FIELDS, _PREFERENCES):
            seen += 1
            yield row
    fields = [part for field in _FIELDS for part in ("-e", field)]
    preferences = [part for item in _PREFERENCES.items() for part in ("-o", ":".join(item))]
    arguments = ("-r", path, *preferences, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=l", *fields)
    for number, line in enumerate(tshark.lines(*arguments)):
        if number >= seen:
            yield line.decode("ascii", "replace").split("\t")


def _segment(row: list[str], report: SourceReport) -> Segment:
    """The segment that the innermost TCP header of a frame makes; raises `Skip` where there is none."""
    frame, time, protocols, source, destination, source_6, destination_6, *tcp = row
    time_ns = _time(time, report)
    layers = protocols.split(":")
    if "tcp" not in layers:
        raise Skip("not TCP" if "ip" in layers or "ipv6" in layers else "not IP")
    layers = layers[: len(layers) - layers[::-1].index("tcp")]
    if _ABOUT_OTHERS.intersection(layers):
        raise Skip("not TCP")
    if next((layer for layer in reversed(layers) if layer in ("ip", "ipv6")), None) == "ipv6":
        source, destination = source_6, destination_6
    source_port, destination_port, seq, ack, flags, length, payload = tcp
    if not all((source, destination, source_port, destination_port, seq, flags)):
        raise Skip("header cut off")
    octets = bytes.fromhex(payload)
    key = _packed(source) + _packed(destination)
    key += int(source_port).to_bytes(2, "big") + int(destination_port).to_bytes(2, "big")
    bits = int(flags, 16) & 0xFF
    cut = 0 if bits & _RST else max(int(length or 0) - len(octets), 0)  # what a reset says of its cause is no payload
    return key, int(frame), time_ns, int(seq), int(ack or 0), bits, octets, cut


def _time(text: str, report: SourceReport) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        report.undated += 1
        return 0
    time_ns = int(found[1]) * 10**9 + int(found[2])
    report.first_ns, report.last_ns = report.first_ns or time_ns, time_ns
    return time_ns


@lru_cache(4096)
def _packed(address: str) -> bytes:
    return ip_address(address).packed
