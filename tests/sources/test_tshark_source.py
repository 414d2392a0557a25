"""Captures through tshark: the same segments as our own reader gives, and formats that only Wireshark opens."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.data import CAPTURES, reference
from support.frames import (
    IPV6,
    UDP,
    Dribble,
    block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    option,
    pcap,
    raw,
    section,
    tcp,
    udp,
)

from smtptrace.errors import MissingError
from smtptrace.sources import SourceReport, _pyshark, _tshark, capfile, engine_for, open_input, tshark_source

QUIT = b"QUIT\r\n"

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def through(engine, path: Path):
    """The segments of a file as an engine gives them, and the report."""
    report = SourceReport(path=str(path))
    with open_input(str(path)) as opened:
        return list(engine.segments(opened.stream, report)), report


@needs_tshark
def test_tshark_gives_the_segments_that_we_give(tmp_path):
    """Keys, frames, times, numbers, flags, payloads, octets cut; other packets are counted."""
    frames = [
        ethernet(ipv4(tcp(QUIT, 0xFFFFFFFE, 7, 0x18))),
        ethernet(ipv6(tcp(QUIT)), IPV6, (0x8100,)),
        ethernet(ipv4(ipv6(tcp(QUIT)), 41)),
        ethernet(ipv6(ipv4(tcp(QUIT)), 4), IPV6),
        ethernet(ipv4(udp(b"\x08" + bytes(7) + ethernet(ipv4(tcp(b"0123456789" * 30))), 4789), UDP)),
        ethernet(ipv4(tcp(b"x"))) + bytes(5),
        ethernet(ipv4(udp(b"x", 9999), UDP)),
        ethernet(bytes(46), 0x9999),
    ]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(*frames, cut=300))
    segments, report = through(tshark_source, path)
    assert segments == through(capfile, path)[0]
    assert (report.packets, report.skipped, report.damage) == (8, {"not TCP": 1, "not IP": 1}, None)
    assert (report.engine, report.first_ns, report.last_ns) == ("tshark", 1_000_001_000, 8_000_008_000)


@needs_tshark
def test_headers_in_an_error_were_not_sent_here(tmp_path):
    """An ICMP error quotes the packet that it is about; a header that is cut off is counted as such."""
    error = b"\3\1\0\0\0\0\0\0" + ipv4(tcp(QUIT))
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(ethernet(ipv4(error, 1)), ethernet(ipv4(tcp(QUIT))), ethernet(ipv4(tcp(QUIT)))[:39]))
    segments, report = through(tshark_source, path)
    assert [segment[1] for segment in segments] == [2]
    assert report.skipped.total() == 2


@needs_tshark
def test_a_reset_has_no_payload(tmp_path):
    """What it says is the cause of the reset, for tshark; nothing is missing."""
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(raw(b"")[:20] + tcp(b"gone", flags=4), link=101))
    path.write_bytes(pcap(ipv4(tcp(b"gone", flags=4)), link=101))
    (segment,), _ = through(tshark_source, path)
    assert segment[6:] == (b"", 0)


@needs_tshark
def test_what_stands_beside_the_packets_is_reported(tmp_path):
    """tshark gives packets; keys, comments and drop counters of a pcapng are read by ourselves."""
    secrets = block(10, struct.pack("<II", 0x544C534B, 4) + b"keys")
    statistics = block(5, struct.pack("<III", 0, 0, 0) + option(5, struct.pack("<Q", 3)))
    head = section(options=option(1, b"uplink")) + secrets + interface(options=option(2, b"eth0"), snaplen=99)
    path = tmp_path / "a.pcapng"
    path.write_bytes(head + enhanced(ethernet(ipv4(tcp(QUIT)))) + statistics)
    segments, report = through(tshark_source, path)
    assert [segment[6] for segment in segments] == [QUIT]
    assert (report.tls_keys, report.comments, report.snaplen) == ([b"keys"], ["uplink"], 99)
    assert report.drops == {"eth0: dropped by the interface": 3}
    assert report.linktypes == {1}


@needs_tshark
def test_a_cut_file_gives_what_is_there(tmp_path):
    """And one line that says so, without the path."""
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(ethernet(ipv4(tcp(QUIT))), ethernet(ipv4(tcp(QUIT))))[:-3])
    segments, report = through(tshark_source, path)
    assert len(segments) == 1
    assert report.damage == "the file appears to have been cut short in the middle of a packet."


@needs_tshark
def test_compressed_captures_and_streams_are_stored_first(tmp_path):
    """tshark opens files; a cut container is told before anything tshark says."""
    octets = pcap(ethernet(ipv4(tcp(QUIT))))
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(octets))
    assert [segment[6] for segment in through(tshark_source, path)[0]] == [QUIT]
    assert [s[6] for s in tshark_source.segments(Dribble(octets, [7]), SourceReport())] == [QUIT]
    path.write_bytes(gzip.compress(octets)[:-8])
    segments, report = through(tshark_source, path)
    assert [segment[6] for segment in segments] == [QUIT]
    assert report.damage == f"{path}: the gzip data is cut off"


@pytest.fixture
def snoop(tmp_path: Path) -> Path:
    """A capture in a format that we do not read."""
    editcap = shutil.which("editcap")
    if editcap is None:
        pytest.skip("editcap is not installed")
    source, path = tmp_path / "a.pcap", tmp_path / "a.snoop"
    frames = [ethernet(ipv4(tcp(QUIT))), ethernet(ipv6(tcp(QUIT)), IPV6), ethernet(ipv4(ipv6(tcp(b"x" * 99)), 41))]
    source.write_bytes(pcap(*frames))
    subprocess.run([editcap, "-F", "snoop", str(source), str(path)], check=True, capture_output=True)
    return path


def expected(path: Path):
    return through(capfile, path.with_suffix(".pcap"))[0]


def test_other_formats_come_through_pyshark(snoop, monkeypatch):
    """Octets and all, without a run of tshark beside it."""
    monkeypatch.setattr(_tshark.Tshark, "lines", lambda self, *arguments: iter(()))
    with open_input(str(snoop)) as opened:
        assert engine_for(opened.head) == "tshark"
    found = [through(tshark_source, snoop)[0]]
    asyncio.run(asyncio.sleep(0))  # leaves the thread without a loop
    found.append(through(tshark_source, snoop)[0])
    thread = threading.Thread(target=lambda: found.append(through(tshark_source, snoop)[0]))
    thread.start()
    thread.join()
    assert found == [expected(snoop)] * 3


def test_other_formats_come_without_pyshark_where_it_does_not_work(snoop):
    """Inside a running loop, as in a notebook."""
    found = []

    async def inside() -> None:
        found.append((_pyshark.works_here(), through(tshark_source, snoop)[0]))

    asyncio.run(inside())
    assert found == [(False, expected(snoop))]


def test_where_pyshark_stops_tshark_goes_on(snoop, monkeypatch):
    """No packet is lost, none comes twice."""

    def rows(path, program, fields, preferences):
        yield from list(real(path, program, fields, preferences))[:1]

    real = _pyshark.rows
    monkeypatch.setattr(_pyshark, "rows", rows)
    assert through(tshark_source, snoop)[0] == expected(snoop)


def test_a_damaged_file_of_another_format_gives_what_is_there(snoop):
    """pyshark raises when tshark complains, here and when it is collected; tshark tells the reason."""
    snoop.write_bytes(snoop.read_bytes()[:-5])
    segments, report = through(tshark_source, snoop)
    assert segments == expected(snoop)[:2]
    assert report.damage == "the file appears to have been cut short in the middle of a packet."


def test_without_tshark_the_command_that_installs_it_is_told(monkeypatch, tmp_path):
    """For each system; it is a tool that is missing."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(_tshark, "_WINDOWS_PATH", tmp_path / "none")
    for platform, command in (("linux", "apt-get"), ("darwin", "brew"), ("win32", "winget"), ("plan9", "apt-get")):
        monkeypatch.setattr(sys, "platform", platform)
        with pytest.raises(MissingError, match=f"tshark, which is not installed; .*{command} install") as raised:
            list(tshark_source.segments(Dribble(pcap(), [99]), SourceReport()))
        assert raised.value.exit_code == 4


def test_tshark_is_found_where_windows_puts_it(monkeypatch, tmp_path):
    """Its installer leaves the path alone."""
    installed = tmp_path / "tshark.exe"
    installed.touch()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(_tshark, "_WINDOWS_PATH", installed)
    assert _tshark.program() == str(installed)


def script(tmp_path: Path, body: str) -> Path:
    """A program in tshark's place."""
    path = tmp_path / "tshark"
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="needs a program that is a script")
def test_tshark_runs_with_settings_of_its_own(monkeypatch, tmp_path):
    """No names are looked up, no profile of the user is read, the language is fixed."""
    body = "import os, sys; print(sys.argv[1:], os.environ['LC_ALL'], os.listdir(os.environ['WIRESHARK_CONFIG_DIR']))"
    monkeypatch.setattr(_tshark, "program", lambda: str(script(tmp_path, body)))
    with _tshark.Tshark() as tshark:
        assert list(tshark.lines("-r", "x")) == [b"['-n', '-r', 'x'] C.UTF-8 []"]
        assert tshark.complaint() is None
        folder = tshark.folder
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a program that is a script")
def test_tshark_is_ended_when_it_takes_too_long(monkeypatch, tmp_path):
    """And when nobody wants more of it."""
    monkeypatch.setattr(_tshark, "program", lambda: str(script(tmp_path, "while True: print('x' * 9999, flush=True)")))
    with _tshark.Tshark() as tshark:
        assert next(tshark.lines()) == b"x" * 9999
    monkeypatch.setattr(_tshark, "LONGEST_RUN_S", 0.2)
    with _tshark.Tshark() as tshark:
        assert all(line for line in tshark.lines())
        assert tshark.complaint() == "tshark took longer than 0.2 seconds"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a program that is a script")
def test_an_end_without_a_word_is_a_complaint(monkeypatch, tmp_path):
    """Its code is all there is."""
    monkeypatch.setattr(_tshark, "program", lambda: str(script(tmp_path, "raise SystemExit(7)")))
    with _tshark.Tshark() as tshark:
        assert tshark.complaint() is None
        assert list(tshark.lines()) == []
        assert tshark.complaint() == "tshark ended with code 7"


def test_a_packet_without_a_time_is_counted():
    """0 stands for it."""
    report = SourceReport()
    row = ["1", "", "eth:ip:tcp", "10.0.0.1", "10.0.0.2", "", "", "1", "25", "5", "", "0x0002", "0", ""]
    key = b"\x0a\0\0\1\x0a\0\0\2\0\1\0\x19"
    assert tshark_source._segment(row, report) == (key, 1, 0, 5, 0, 2, b"", 0)
    assert report.undated == 1


DIFFERENT = {
    "libpcap__AH-IPcomp-IPv6.pcap": "tshark decompresses IPComp",
    "ndpi__capwap_data.pcapng": "tshark dissects 802.11 in CAPWAP",
    "pcapflowlab__pcap_flow_lab_showcase.pcap": "tshark takes an Ethernet address in MPLS for a control word",
}


def one_of_each_stack() -> dict[str, Path]:
    """For each stack of protocols a TCP stream lies in, one of the reference captures."""
    found = {}
    for path in sorted(reference("corpus", "truth").iterdir()):
        truth = json.loads(path.read_text())
        for stream in truth["smtp_streams"] + truth["other_streams"]:
            for stack in stream["stacks"]:
                found.setdefault(stack, reference("corpus", "captures", path.stem))
    return found


@needs_tshark
@pytest.mark.slow
def test_tshark_agrees_on_every_stack_of_protocols():
    """Every segment, every frame number."""
    paths = set(one_of_each_stack().values())
    assert len(paths) > 30
    assert {path.name for path in paths if through(capfile, path)[0] != through(tshark_source, path)[0]} == set(
        DIFFERENT
    )


@needs_tshark
def test_tshark_agrees_on_a_recording_of_ours():
    """A whole session of a real server."""
    path = CAPTURES / "postfix-login-accepted.pcapng"
    assert through(tshark_source, path)[0] == through(capfile, path)[0] != []
