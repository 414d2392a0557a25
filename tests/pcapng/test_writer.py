"""Connections written as pcapng: what other tools see in them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from support.connections import CLIENT, SERVER, START, dialogue, streams
from support.packets import blocks, followed, tshark

from smtptrace import pcapng
from smtptrace.wire import (
    Close,
    Closing,
    Connection,
    Endpoint,
    Exactness,
    Gap,
    GapReason,
    Note,
    Octets,
    Open,
    Opening,
    Origin,
    Secured,
    TimeBasis,
)

FINS = (Close(CLIENT, Closing.FIN), Close(SERVER, Closing.FIN))
LOGIN = (
    "S: 220 mx.test ESMTP",
    "C: EHLO app01",
    "S: 250-mx.test",
    "S: 250-AUTH LOGIN",
    "S: 250 STARTTLS",
    "C: AUTH LOGIN",
    "S: 334 VXNlcm5hbWU6",
    "C: YWxpY2U=",
    "S: 535 5.7.3 Authentication unsuccessful",
    "C: QUIT",
    "S: 221 bye",
)


def write(path: Path, *connections: Connection) -> Path:
    with path.open("wb") as stream:
        pcapng.write(stream, connections)
    return path


def octets(*connections: Connection) -> bytes:
    stream = BytesIO()
    pcapng.write(stream, connections)
    return stream.getvalue()


def comments(path: Path) -> list[str]:
    return tshark(path, "-T", "fields", "-e", "frame.comment", "-Y", "frame.comment").splitlines()


def field(path: Path, *names: str, where: str = "frame") -> list[str]:
    arguments = [argument for name in names for argument in ("-e", name)]
    return tshark(path, "-d", "tcp.port==2525,smtp", "-Y", where, "-T", "fields", *arguments).splitlines()


def faults(path: Path) -> str:
    bad = "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.expert.severity >= 0x800000"
    return tshark(path, "-d", "tcp.port==2525,smtp", "-Y", bad)


def test_a_dialogue_is_smtp_for_tshark(tmp_path: Path) -> None:
    """Commands and codes are seen in order, and nothing is wrong with any packet."""
    path = write(tmp_path / "a.pcapng", dialogue(*LOGIN, *FINS))
    assert field(path, "smtp.req.command", where="smtp.req.command") == ["EHLO", "AUTH", "QUIT"]
    assert field(path, "smtp.response.code", where="smtp.response.code") == [
        "220", "250", "250", "250", "334", "535", "221"
    ]  # fmt: skip
    assert faults(path) == ""
    assert tshark(path, "-Y", "tcp.analysis.flags") == ""


@pytest.mark.parametrize(("client", "server"), [("10.0.0.5", "10.0.0.25"), ("2001:db8::5", "fe80::25")])
def test_streams_are_those_of_the_connection(tmp_path: Path, client: str, server: str) -> None:
    """Over IPv4 and IPv6, with content that needs many packets."""
    content = Octets(CLIENT, b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 9000 + b"." * 5000 + b"\r\n.\r\n", START)
    said = dialogue("S: 220 a", "C: DATA", "S: 354 go", content, "S: 250 ok", *FINS, client=client, server=server)
    path = write(tmp_path / "a.pcapng", said)
    assert followed(path) == streams(said)
    assert faults(path) == ""
    assert tshark(path, "-Y", "tcp.analysis.flags") == ""


def test_commands_after_starttls_are_seen(tmp_path: Path) -> None:
    """Octets that were opened stand in clear, and a mark says that they were protected."""
    secured = Secured(opened=True, version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", sni="mx.test")
    path = write(
        tmp_path / "a.pcapng",
        dialogue(
            "S: 220 a", "C: STARTTLS", "S: 220 go", secured, "C: EHLO b", "S: 250 AUTH PLAIN", "C: AUTH PLAIN AGEAYg==",
            "S: 235 ok", "C: MAIL FROM:<a@b.test>", "S: 250 ok", "C: DATA", "S: 354 go", "C: x\r\n.", "S: 250 ok",
            "C: QUIT",
        ),
    )  # fmt: skip
    verbs = field(path, "smtp.req.command", where="smtp.req.command")
    assert verbs == ["STAR", "EHLO", "AUTH", "MAIL", "DATA", "QUIT"]
    assert any("secured" in text and '"TLSv1.3"' in text for text in comments(path))
    assert faults(path) == ""


def test_times_are_kept(tmp_path: Path) -> None:
    """To the nanosecond, those of the later packets of one event too."""
    event = Octets(CLIENT, b"NOOP\r\nQUIT\r\n", START + 5, 1, places=((6, START + 123_456_789, 2),))
    path = write(tmp_path / "a.pcapng", dialogue(event))
    times = field(path, "frame.time_epoch", "tcp.payload", where="tcp.len > 0")
    assert times == ["1700000000.000000005\t4e4f4f500d0a", "1700000000.123456789\t515549540d0a"]


def test_times_that_nobody_knows_go_on_and_say_so(tmp_path: Path) -> None:
    """A text without times gets times that rise; a single missing one is set and marked."""
    said = dialogue("S: 220 a", "C: QUIT")
    for event in said.events:
        event.time_ns = None
    said.time_ns, said.origin = None, Origin("x", "telnet", time_basis=TimeBasis.NONE)
    path = write(tmp_path / "a.pcapng", said)
    times = field(path, "frame.time_epoch")
    assert times == sorted(set(times))
    assert any('"times": "none"' in text for text in comments(path))
    one = dialogue("S: 220 a", Octets(CLIENT, b"QUIT\r\n"), "S: 221 bye")
    assert sum("time of this packet is not known" in text for text in comments(write(tmp_path / "b.pcapng", one))) == 1


def test_names_get_documentation_addresses(tmp_path: Path) -> None:
    """One address for one name in the whole file; the mark tells the name."""
    first = dialogue("S: 220 a", client="", server="mail.corp.test")
    second = dialogue("S: 220 a", client="app01", server="mail.corp.test")
    path = write(tmp_path / "a.pcapng", first, second)
    assert field(path, "ip.src", "ip.dst", where="tcp.flags.syn==1 && tcp.flags.ack==0") == [
        "192.0.2.1\t192.0.2.2", "192.0.2.3\t192.0.2.2"
    ]  # fmt: skip
    assert sum("mail.corp.test:2525" in text for text in comments(path)) == 2


def test_a_name_beside_an_ipv6_address_gets_an_ipv6_address(tmp_path: Path) -> None:
    """A packet has addresses of one version only."""
    path = write(tmp_path / "a.pcapng", dialogue("S: 220 a", client="fe80::5%eth0", server="mail.corp.test"))
    assert field(path, "ipv6.src", "ipv6.dst")[0] == "fe80::5\t2001:db8::1"


def test_unknown_ports_are_chosen_apart(tmp_path: Path) -> None:
    """Two texts without ports are two TCP streams on port 25."""
    said = dialogue("S: 220 a", "C: QUIT")
    said.client, said.server = Endpoint("", 0), Endpoint("", 0)
    path = write(tmp_path / "a.pcapng", said, said)
    ports = set(field(path, "tcp.srcport", "tcp.dstport", "tcp.stream", where="tcp.flags.syn==1 && tcp.flags.ack==0"))
    assert ports == {"49153\t25\t0", "49154\t25\t1"}


def test_what_is_missing_is_counted_and_not_there(tmp_path: Path) -> None:
    """Packets say how long they were; the mark says why; the sequence numbers go on."""
    gap = Gap(CLIENT, 70_000, GapReason.LOST, START)
    path = write(tmp_path / "a.pcapng", dialogue("S: 220 a", "C: one", gap, "C: two", *FINS))
    assert field(path, "tcp.len", where="frame.len > frame.cap_len") == ["65000", "5000"]
    assert any('"size": 70000, "reason": "lost"' in text for text in comments(path))
    assert tshark(path, "-Y", "tcp.analysis.flags") == ""
    assert faults(path) == ""


@pytest.mark.parametrize("size", [None, 2**31])
def test_a_gap_that_no_sequence_number_shows_is_marked(tmp_path: Path, size: int | None) -> None:
    """Of unknown size, or too large to be a step forwards."""
    gap = Gap(SERVER, size, GapReason.NOT_LOGGED)
    path = write(tmp_path / "a.pcapng", dialogue("S: 220 a", gap, "S: 250 ok"))
    assert tshark(path, "-Y", "tcp.analysis.flags") == ""
    assert any(" gap {" in text for text in comments(path))


def test_attempts_end_as_they_did(tmp_path: Path) -> None:
    """Refused: SYN and RST. No answer: SYN."""
    refused = dialogue(Open(Opening.REFUSED, START))
    unanswered = dialogue(Open(Opening.NO_ANSWER, START), client="10.0.0.6")
    path = write(tmp_path / "a.pcapng", refused, unanswered)
    assert field(path, "tcp.flags") == ["0x0002", "0x0014", "0x0002"]
    assert faults(path) == ""


def test_a_reset_is_a_reset(tmp_path: Path) -> None:
    """And the end of a capture is no packet."""
    path = write(
        tmp_path / "a.pcapng",
        dialogue(
            Open(Opening.SYN_SEEN, START), "S: 220 a", Close(SERVER, Closing.RST), Close(CLIENT, Closing.END_OF_CAPTURE)
        ),
    )
    assert field(path, "tcp.flags")[-1] == "0x0014"


def test_a_connection_joined_late_has_no_handshake(tmp_path: Path) -> None:
    """What came before the capture is not made up."""
    said = dialogue(Gap(CLIENT, None, GapReason.BEFORE_CAPTURE), "C: RSET", "S: 250 ok")
    path = write(tmp_path / "a.pcapng", said)
    assert field(path, "frame.number", where="tcp.flags.syn == 1") == []
    assert followed(path) == streams(said)


def test_octets_that_were_not_on_the_wire_are_marked(tmp_path: Path) -> None:
    """Each of their packets says so."""
    masked = Octets(CLIENT, b"********\r\n", START, exactness=Exactness.MASKED)
    path = write(tmp_path / "a.pcapng", dialogue("S: 334 ", masked))
    assert field(path, "tcp.payload", where='frame.comment contains "masked"') == [masked.data.hex()]


def test_what_is_said_last_has_a_packet_of_its_own(tmp_path: Path) -> None:
    """A note at the end, and one of a connection in which nothing was said."""
    late = dialogue("S: 220 a", Note("the server log says: LogonDenied"))
    alone = dialogue(Note("Connection refused by app01"))
    texts = "".join(comments(write(tmp_path / "a.pcapng", late, alone)))
    assert "LogonDenied" in texts
    assert "refused by app01" in texts


def test_the_same_connections_give_the_same_file() -> None:
    """There is no clock and no chance in it."""
    assert octets(dialogue(*LOGIN)) == octets(dialogue(*LOGIN))


def test_each_write_is_one_whole_block() -> None:
    """So that a recording that was cut off loses only what was being written."""

    sizes: list[int] = []

    class Writes(BytesIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            sizes.append(len(data))
            return super().write(data)

    stream = Writes()
    pcapng.write(stream, [dialogue(*LOGIN)])
    found = blocks(stream.getvalue())
    assert [len(body) + 12 for _, body in found[2:]] == sizes[1:]
    assert sizes[0] == sum(len(body) + 12 for _, body in found[:2])


def test_the_writer_syncs_files_and_bears_with_the_rest(tmp_path: Path) -> None:
    """A pipe or a buffer has nothing to sync."""
    with (tmp_path / "a.pcapng").open("wb") as stream:
        pcapng.Writer(stream).sync()
        assert blocks((tmp_path / "a.pcapng").read_bytes())
    pcapng.Writer(BytesIO()).sync()


def test_a_note_beyond_all_measure_is_cut() -> None:
    """A comment holds 65,535 octets; the file stays valid."""
    found = blocks(octets(dialogue("S: 220 a", Note("я" * 200_000), "S: 250 b")))
    assert b"[cut]" in b"".join(body for _, body in found)


@pytest.mark.parametrize("time_ns", [-(1 << 70), -1, (1 << 64) - 1, 1 << 64, 1 << 90])
def test_times_that_no_file_holds(tmp_path: Path, time_ns: int) -> None:
    """A damaged capture may tell any time; the nearest one that fits is written, and all octets are."""
    connection = Connection(
        Endpoint("10.0.0.1", 40000),
        Endpoint("10.0.0.2", 25),
        Origin("-", "pcapng"),
        time_ns=time_ns,
        events=[Octets(SERVER, b"220 mx.test ESMTP\r\n", time_ns), Octets(CLIENT, b"QUIT\r\n", time_ns)],
    )
    assert followed(write(tmp_path / "far.pcapng", connection)) == streams(connection)
