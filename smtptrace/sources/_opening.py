"""Opens TLS with the keys of a key log: the octets that tshark decrypts, with their packets.

Only what comes after a ClientHello is handed to tshark, each TLS connection under a made-up address, so that neither
the port nor the words before (STARTTLS and its kin) matter to it, and nothing it says about other traffic comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from smtptrace.errors import UnreadableError
from smtptrace.segment import Segment
from smtptrace.sources._tshark import Tshark

Opened = tuple[bytes, int, int, bytes]
"""(key, frame, time_ns, octets): decrypted octets of the sender that a packet completed; `key` is as in `Segment`."""

MOST_CONNECTIONS = 1 << 24
_LONGEST_KEY_LOG = 64 * 1024 * 1024
_PORTS = (40000, 4433)
_PIECE = 60_000
_SYN = 2
_NANOSECONDS = 10**9

_file_header = Struct("<IHHiIII").pack
_record = Struct("<IIII").pack
_headers = Struct(">BBHHHBBHII HHIIBBHHH").pack


def read_key_log(path: str) -> bytes:
    """The lines of a key log file (SSLKEYLOGFILE); raises UnreadableError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(_LONGEST_KEY_LOG)
    except OSError as error:
        raise UnreadableError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def opened_streams(segments: Iterable[Segment], keys: Sequence[bytes]) -> Iterator[Opened]:
    """The decrypted octets of every TLS connection among the segments that one of the key logs opens, in packet order.

    What is lost or cannot be decrypted is simply not there. All segments are read before the first octets come;
    `keys` is looked at then, so it may be a list that reading them fills. Raises MissingError where tshark is not
    installed.
    """
    with Tshark() as tshark:
        capture, key_log = tshark.folder / "tls.pcap", tshark.folder / "keys"
        with capture.open("wb") as file:
            places = list(_write(segments, file))
        key_log.write_bytes(b"\n".join(keys) + b"\n")
        if not places or not any(keys):
            return
        for frame, octets in _decrypted(tshark, capture, key_log):
            yield *places[frame - 1], octets


def _decrypted(tshark: Tshark, capture: Path, key_log: Path) -> Iterator[tuple[int, bytes]]:
    """Frame and octets of what tshark decrypts in a capture of nothing but TLS on one port."""
    port = _PORTS[1]
    guesses = (
        line.split(b"\t")[1].decode() for line in tshark.lines("-G", "heuristic-decodes") if line[:4] == b"tls\t"
    )
    disabled = [part for name in dict.fromkeys(guesses) for part in ("--disable-protocol", name)]
    arguments = (
        "-r", str(capture), "-o", f"tls.keylog_file:{key_log}", "-o", "tcp.reassemble_out_of_order:TRUE",
        "-d", f"tcp.port=={port},tls", "-d", f"tls.port=={port},data", *disabled,
        "-Y", "data.data", "-T", "fields", "-E", "aggregator=,", "-e", "frame.number", "-e", "frame.protocols",
        "-e", "data.data",
    )  # fmt: skip
    for line in tshark.lines(*arguments):
        frame, protocols, data = line.split(b"\t")
        if b"tcp:data" not in protocols:  # octets that are no TLS records
            yield int(frame), bytes.fromhex(data.replace(b",", b"").decode("ascii"))


def _write(segments: Iterable[Segment], file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Write the TLS among the segments as a capture of raw IP; (key, frame, time) of each packet written."""
    file.write(_file_header(0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 101))
    flows: dict[bytes, tuple[int, int, int]] = {}  # number of the connection, side, first sequence number of TLS
    begun = 0
    for key, frame, time_ns, seq, ack, flags, payload, _ in segments:
        flow = flows.get(key)
        if flow is None:
            if not _is_client_hello(payload) or begun == MOST_CONNECTIONS:
                continue
            begun += 1
            flow = flows[key] = begun - 1, 0, seq
            flows[_reverse(key)] = begun - 1, 1, ack
        elif flags & _SYN:
            del flows[key]
            flows.pop(_reverse(key), None)
            continue
        number, side, first = flow
        if (seq - first) & 0xFFFFFFFF < 1 << 31:
            for at in range(0, len(payload), _PIECE):
                file.write(_packet(number, side, time_ns, seq + at & 0xFFFFFFFF, payload[at : at + _PIECE]))
                yield key, frame, time_ns


def _packet(number: int, side: int, time_ns: int, seq: int, payload: bytes) -> bytes:
    """A packet of a connection that is told by its addresses, as a record of a pcap file."""
    address, size = 10 << 24 | number, 40 + len(payload)
    record = _record(time_ns // _NANOSECONDS & 0xFFFFFFFF, time_ns % _NANOSECONDS, size, size)
    ip = (0x45, 0, size, 0, 0, 64, 6, 0, address, address)
    return record + _headers(*ip, _PORTS[side], _PORTS[1 - side], seq, 0, 0x50, 0x10, 0xFFFF, 0, 0) + payload


def _is_client_hello(payload: bytes) -> bool:
    """Whether a payload begins with a TLS record that begins with a ClientHello (RFC 8446, 5.1 and 4)."""
    return payload[:2] == b"\x16\x03" and payload[5:6] in (b"\x01", b"")


def _reverse(key: bytes) -> bytes:
    """The flow key of the other direction."""
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]
