"""dumpcap as a child process; here a program in its place says what dumpcap says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.live import packets

from smtptrace.errors import MissingError, UsageError
from smtptrace.pcapng import _blocks
from smtptrace.record import capture_dumpcap
from smtptrace.record.capture_dumpcap import DumpcapFeed, interfaces

DIALOGUE = "S: 220 hi\nC: QUIT\nS: 221 bye"

CAPTURES = """
import signal, sys, time
def end(*_):
    sys.stdout.buffer.write({end!r})
    sys.stdout.buffer.flush()
    sys.exit({code})
signal.signal(signal.SIGINT, end)
open({arguments!r}, "w").write("\\n".join(sys.argv[1:]))
sys.stdout.buffer.write({octets!r})
sys.stdout.buffer.flush()
print({said!r}, file=sys.stderr)
time.sleep({lasts})
sys.exit(2)
"""


def octets(given):
    """A pcapng file of packets, as dumpcap writes it."""
    header = _blocks.section("dumpcap", "") + _blocks.interface("lo")
    return header + b"".join(_blocks.packet(p[1], p[3][p[4] : p[5]], p[6]) for p in given)


@pytest.fixture
def dumpcap(tmp_path, monkeypatch):
    """Put a program in dumpcap's place that does what it is told here."""

    def place(code: str) -> Path:
        path = tmp_path / "dumpcap"
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)
        monkeypatch.setattr(capture_dumpcap, "program", lambda: str(path))
        return tmp_path / "arguments"

    return place


def capturing(dumpcap, arguments, given, *, end=b"", code=0, said="", lasts=20):
    """A program that captures these packets until it is told to end."""
    fields = {"octets": octets(given), "end": end, "code": code, "said": said, "lasts": lasts}
    dumpcap(CAPTURES.format(arguments=str(arguments), **fields))


def test_packets_and_losses_are_those_of_dumpcap(dumpcap, tmp_path):
    """It is asked for one interface and filter, told to end when it is time, and what it says then counts."""
    given = packets(DIALOGUE)
    capturing(dumpcap, tmp_path / "arguments", given, end=_blocks.statistics(0, 1, 4, 5))
    feed = DumpcapFeed("eth0", "tcp port 25")
    found = []
    for packet in feed.packets():
        found.append(packet)
        if len(found) == len(given):
            feed.stop()
    assert [(p[0], p[1], p[3][p[4] : p[5]]) for p in found] == [(p[0], p[1], p[3][p[4] : p[5]]) for p in given]
    assert feed.dropped() == {"interface": 4, "system": 5}
    feed.close()
    asked = (tmp_path / "arguments").read_text().split("\n")
    assert asked[:5] == ["-q", "-i", "eth0", "-f", "tcp port 25"]
    assert asked[-2:] == ["-w", "-"]


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (
            "Capturing on 'x'\ndumpcap: There is no device named \"x\".\n(No such device exists)",
            UsageError,
            "eth0: there is no such interface; 'smtptrace capture -D' lists them",
        ),
        (
            'dumpcap: You do not have permission to capture on device "eth0".\n(socket: Operation not permitted)',
            MissingError,
            "eth0: capturing needs privileges: run it with sudo, ",
        ),
        (
            "dumpcap: Invalid capture filter \"port x\" for interface 'lo'.\n\n"
            "That string isn't a valid capture filter (unknown port 'x').",
            UsageError,
            "'port x' is no capture filter: unknown port 'x'; such as: tcp port 25",
        ),
        ("dumpcap: out of luck", MissingError, "eth0: dumpcap does not capture: dumpcap: out of luck"),
        ("", MissingError, "eth0: dumpcap does not capture: it says nothing"),
    ],
)
def test_why_it_does_not_begin(dumpcap, said, kind, told):
    """One line, whatever dumpcap has to say at length."""
    dumpcap(f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)")
    with pytest.raises(kind) as raised:
        DumpcapFeed("eth0", "port x")
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)


def test_dumpcap_that_breaks_off_is_told(dumpcap, tmp_path):
    """After the packets that came."""
    given = packets(DIALOGUE)
    capturing(dumpcap, tmp_path / "arguments", given, said="dumpcap: the interface went down", lasts=0)
    feed = DumpcapFeed("eth0", "")
    found = []
    with pytest.raises(MissingError, match="the interface went down"):
        found.extend(feed.packets())
    feed.close()


def test_dumpcap_that_does_not_end_is_ended(dumpcap, tmp_path, monkeypatch):
    """After some seconds."""
    monkeypatch.setattr(capture_dumpcap, "_END_S", 0.2)
    capturing(dumpcap, tmp_path / "arguments", [], end=b"", code="time.sleep(30)")
    feed = DumpcapFeed("eth0", "")
    feed.close()
    assert feed._child.returncode is not None


@pytest.mark.parametrize("interface", ["1", "-", "-x", "/tmp/pipe", "TCP@192.0.2.1"])
def test_what_dumpcap_would_take_for_something_else_is_no_interface(dumpcap, interface):
    """A number, a pipe or a host far away."""
    dumpcap("raise SystemExit('never called')")
    with pytest.raises(UsageError, match="no such interface"):
        DumpcapFeed(interface, "")


def test_without_dumpcap(monkeypatch):
    """What to install is said."""
    monkeypatch.setattr(capture_dumpcap, "program", lambda: None)
    with pytest.raises(MissingError, match="apt install tshark"):
        DumpcapFeed("lo", "")


def test_the_interfaces_are_those_that_dumpcap_lists(dumpcap):
    """With what it says of them."""
    dumpcap("print('1. eth0\\n2. any\\n3. lo (Loopback)\\nno line of it')")
    assert interfaces() == [("eth0", ""), ("any", ""), ("lo", "Loopback")]
