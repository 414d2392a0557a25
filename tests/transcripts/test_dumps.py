"""Dumps of packets and streams: whose octets they are, what is missing, where TLS begins."""

from __future__ import annotations

import pytest
from support.told import connections, dialect, exchanges, told

from smtptrace.transcripts._raw import Chunk, from_hex, rows
from smtptrace.transcripts._times import Clock
from smtptrace.wire import Endpoint, Exactness, Octets

A, B = "192.0.2.9.50011", "192.0.2.4.25"


def packet(way: tuple[str, str], seq: int, said: str, number: int = 0) -> str:
    """One packet as tcpdump -A prints it; CRLF becomes a line end."""
    data = said.replace("\r\n", "\n")
    return (
        f"18:00:0{number}.000001 IP {way[0]} > {way[1]}: Flags [P.], seq {seq}:{seq + len(said)}, ack 1, win 64, "
        f"length {len(said)}\nE..N..@.@...........W.....`KU......@.B.....{data}\n"
    )


def test_tcpdump_ascii() -> None:
    """The end that replies first is the server; the last octets of the dump are the payload."""
    text = packet((B, A), 1, "220 hi\r\n") + packet((A, B), 1, "QUIT\r\n", 1) + packet((B, A), 9, "221 bye\r\n", 2)
    assert (dialect(text), told(text)) == ("tcpdump", ["S: 220 hi", "C: QUIT", "S: 221 bye"])
    (connection,) = connections(text)
    assert (str(connection.client), str(connection.server)) == ("192.0.2.9:50011", "192.0.2.4:25")
    assert connection.events[-1].time_ns == 2_000_000_000


def test_tcpdump_retransmission_and_loss() -> None:
    """Octets that come twice are taken once; a jump of the sequence is a gap of its size."""
    text = packet((B, A), 1, "220 hi\r\n") + packet((B, A), 1, "220 hi\r\n") + packet((B, A), 19, "221 bye\r\n")
    assert told(text) == ["S: 220 hi", "gap: server 10", "S: 221 bye"]


def test_tcpdump_ipv6_hex() -> None:
    """The payload is found behind an IPv6 header as well."""
    tcp = bytes.fromhex("c35b0019 00000001 00000001 5018 0040 0000 0000".replace(" ", ""))
    body = b"QUIT\r\n"
    ip = bytes.fromhex("60000000") + (len(tcp) + len(body)).to_bytes(2, "big") + bytes((6, 64)) + bytes(32)
    octets = (ip + tcp + body).hex()
    rows_of = [octets[at : at + 32] for at in range(0, len(octets), 32)]
    dump = "".join(
        f"\t0x{16 * at:04x}:  {' '.join(row[piece : piece + 4] for piece in range(0, len(row), 4))}  x\n"
        for at, row in enumerate(rows_of)
    )
    text = f"18:00:00.1 IP6 ::1.50011 > ::1.25: Flags [P.], seq 1:7, ack 1, win 64, length 6\n{dump}"
    (connection,) = connections(text)
    assert [event.data for event in connection.events if isinstance(event, Octets)] == [body]


def test_tcpdump_without_payload() -> None:
    """Packets that carry nothing, or whose headers are cut, say nothing."""
    assert connections(f"18:00:00.1 IP {A} > {B}: Flags [.], ack 1, win 64, length 0\n\t0x0000:  4500 0034\n") == ()
    assert (
        connections(f"18:00:00.1 IP {A} > {B}: Flags [P.], seq 1:7, ack 1, win 64, length 6\n\t0x0000:  4500 0034\n")
        == ()
    )


def test_tcpflow_console() -> None:
    """Each chunk names both ends, zeros and all."""
    one, two = "192.000.002.004.00025", "192.000.002.009.50011"
    text = f"{one}-{two}: 220 hi\n\n{two}-{one}: EHLO a\n\n{one}-{two}: 250-x\n250 y\n\n"
    assert told(text) == ["S: 220 hi", "C: EHLO a", "S: 250-x\r\n250 y"]
    assert str(connections(text)[0].server) == "192.0.2.4:25"
    dumped = f"{one}-{two}: \n0000: 3232 3020 6869 0d0a  220 hi..\n\n"
    assert told(dumped) == ["S: 220 hi"]


def test_follow_hex_of_the_window() -> None:
    """Wireshark's own hex dump has no header; the indented node is the other one."""
    text = (
        "    00000000  32 32 30 20 68 69 0d 0a                           220 hi..\n"
        "00000000  51 55 49 54 0d 0a                                 QUIT..\n"
    )
    assert (dialect(text), told(text)) == ("follow", ["S: 220 hi", "C: QUIT"])


def test_nothing_is_read_after_tls_begins() -> None:
    """What follows the handshake's first record is not to be read; the mark says so."""
    client, server = Endpoint("c", 5), Endpoint("s", 25)
    flow = [
        Chunk(1, server, client, b"220 hi\r\n"),
        Chunk(2, client, server, b"STARTTLS\r\n"),
        Chunk(3, server, client, b"220 go\r\n"),
        Chunk(4, client, server, b"\x16\x03\x01junk"),
        Chunk(5, server, client, b"\x16\x03\x03junk"),
    ]
    said = [row.event for row in rows(flow) if row.event is not None]
    assert [type(event).__name__ for event in said] == ["Octets", "Octets", "Octets", "Secured"]


def test_server_by_port_where_nobody_replies() -> None:
    """A flow of one side only: the end on a mail port, else on the lower port, is the server."""
    (start, *_) = rows([Chunk(1, Endpoint("c", 50011), Endpoint("s", 587), b"EHLO a\r\n")])
    assert (start.server, start.client) == (Endpoint("s", 587), Endpoint("c", 50011))
    (start, *_) = rows([Chunk(1, Endpoint("c", 50011), Endpoint("s", 4000), b"EHLO a\r\n")])
    assert start.server == Endpoint("s", 4000)


def test_curl_trace_ascii() -> None:
    """Offsets tell where lines end; the mark at the end of the content is never in the trace."""
    text = (
        "== Info: Connected to h (192.0.2.4) port 25 (#0)\n<= Recv header, 8 bytes (0x8)\n0000: 354 go\n"
        "=> Send data, 10 bytes (0xa)\n0000: a\n0003: b\n0006: cd\n<= Recv header, 8 bytes (0x8)\n0000: 250 ok\n"
    )
    assert told(text) == ["S: 354 go", "C: a\r\nb\r\ncd", "gap: client", "S: 250 ok"]


@pytest.mark.parametrize(
    ("dump", "said"),
    [
        ("", ["gap: client 99"]),
        (
            "0000: MAIL FROM:<a@b.test>\n0041: x\n",
            ["C: MAIL FROM:<a@b.test>", "gap: client 45", "C: x", "gap: client 33"],
        ),
        ("0041: rest\n", ["gap: client 65", "C: rest", "gap: client 30"]),
        ("0000: 4d                                              M\n", ["C: M", "gap: client 98"]),
    ],
    ids=["no row", "a row within", "the first row", "in hex"],
)
def test_rows_of_a_curl_trace_are_missing(dump: str, said: list[str]) -> None:
    """What the head counts and no row shows is a gap, and no error."""
    text = "<= Recv header, 8 bytes (0x8)\n0000: 220 hi\n=> Send header, 99 bytes (0x63)\n" + dump
    assert told(text + "<= Recv header, 8 bytes (0x8)\n0000: 250 ok\n") == ["S: 220 hi", *said, "S: 250 ok"]


def test_curl_trace_is_exact_in_hex() -> None:
    """Hex leaves nothing to guess."""
    text = (
        "18:00:00.000001 <= Recv header, 8 bytes (0x8)\n"
        "0000: 32 32 30 20 68 69 0d 0a                         220 hi..\n"
    )
    (connection,) = connections(text)
    assert connection.events[0] == Octets(connection.events[0].side, b"220 hi\r\n", 0, 1, Exactness.SEEN)


def test_sessions_of_one_dump() -> None:
    """Each pair of ends is a session."""
    other = "192.0.2.9.50012"
    text = "".join(
        packet((B, end), 1, "220 hi\r\n") + packet((end, B), 1, "QUIT\r\n") + packet((B, end), 9, "221 x\r\n")
        for end in (A, other)
    )
    assert exchanges(text) == ["QUIT 221", "QUIT 221"]


def test_clock_without_stamps() -> None:
    """No stamp, no time."""
    assert Clock().ns(None) is None


def test_damaged_dumps_are_no_error() -> None:
    """Of hex only whole pairs count; an address that is none stays as it stands."""
    assert from_hex(b"5155 4954 0d0\xff 0g0a 4") == b"QUIT\r\x0a"
    (connection,) = connections("010.000.00f..009.50011-010.000.000.005.00025: QUIT\n\n")
    assert (connection.client.host, connection.server.host) == ("10.0.00f..9", "10.0.0.5")
