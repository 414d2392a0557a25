"""scapy's sockets: here one that is made up, since a real one needs privileges; tests/lab has the real ones."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from smtptrace.errors import MissingError, UsageError
from smtptrace.record import capture_scapy
from smtptrace.record.capture_scapy import ScapyFeed, interfaces

LOOPBACK, ETHERNET = 772, 1


class FakeRaw:
    """The socket under scapy's: its options are noted."""

    def __init__(self, hardware, drops):
        self.hardware, self.drops, self.options, self.refused = hardware, list(drops), {}, ()

    def getsockname(self):
        return ("lo", 3, 0, self.hardware, b"")

    def setsockopt(self, level, option, value):
        if option in self.refused:
            raise OSError(errno.EPERM, "Operation not permitted")
        self.options[level, option] = value

    def getsockopt(self, level, option, size):
        if not self.drops:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return struct.pack("=II", 10, self.drops.pop(0))

    def settimeout(self, seconds):
        self.timeout = seconds


class FakeSocket:
    """What scapy gives for an interface."""

    iface = "lo"

    def __init__(self, given, hardware=ETHERNET, drops=()):
        self.ins, self.given, self.closed = FakeRaw(hardware, drops), list(given), False

    def _recv_raw(self, raw, size):
        what = self.given.pop(0)
        if isinstance(what, Exception):
            raise what
        way, octets = what
        return octets, ("lo", 0x800, way, self.ins.hardware, b""), 1.5

    def close(self):
        self.closed = True


@pytest.fixture
def opened(monkeypatch):
    """A feed on a socket that is made up."""

    def feed(fake):
        monkeypatch.setattr(capture_scapy, "_opened", lambda *_: fake)
        return ScapyFeed("lo", "")

    return feed


def taken(feed, number):
    """The first packets of a feed, as (frame, time, link, octets)."""
    found = []
    for frame, time_ns, link, octets, start, stop, wire in feed.packets():
        assert (start, stop, wire) == (0, len(octets), len(octets))
        found.append((frame, time_ns, link, octets))
        if len(found) == number:
            feed.stop()
    return found


def test_a_packet_of_the_loopback_interface_counts_once(opened):
    """It passes on its way out and in again; frames are counted without the other."""
    out, here = socket.PACKET_OUTGOING, socket.PACKET_HOST
    feed = opened(FakeSocket([(out, b"a"), (here, b"a"), TimeoutError(), (out, b"b"), (here, b"b")], LOOPBACK))
    assert taken(feed, 2) == [(1, 1_500_000_000, 1, b"a"), (2, 1_500_000_000, 1, b"b")]
    assert feed._socket.ins.options[263, 23] == 1


def test_packets_that_leave_by_another_interface_count(opened):
    """There they pass once."""
    feed = opened(FakeSocket([(socket.PACKET_OUTGOING, b"a"), (socket.PACKET_HOST, b"b")]))
    assert [octets for *_, octets in taken(feed, 2)] == [b"a", b"b"]


def test_losses_are_added_up(opened):
    """The system tells what was lost since it was asked last; what was before the beginning is none."""
    feed = opened(FakeSocket([], drops=(545, 3, 0, 4)))
    assert [feed.dropped()["system"] for _ in range(4)] == [3, 3, 7, 7]


def test_a_smaller_buffer_is_taken_where_a_large_one_is_refused(opened):
    """SO_RCVBUFFORCE needs a privilege of its own."""
    fake = FakeSocket([])
    fake.ins.refused = (33,)
    opened(fake)
    assert fake.ins.options[socket.SOL_SOCKET, socket.SO_RCVBUF] > 10**6


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENETDOWN, "Network is down"), "lo: no more packets can be read: it was taken down"),
        (OSError(errno.EIO, "Input/output error"), "lo: no more packets can be read: Input/output error"),
    ],
)
def test_an_interface_that_goes_away_is_told(opened, error, told):
    """As a tool that broke."""
    feed = opened(FakeSocket([error]))
    with pytest.raises(MissingError) as raised:
        list(feed.packets())
    assert str(raised.value) == told
    feed.close()
    assert feed._socket.closed


def test_a_link_that_scapy_does_not_know(opened):
    """Another engine may."""
    with pytest.raises(MissingError, match="--engine dumpcap"):
        opened(FakeSocket([], hardware=9999))


class FakeScapy:
    """scapy's configuration: one interface, which opens as told."""

    def __init__(self, error):
        from types import SimpleNamespace

        self.error = error
        self.ifaces = {"lo": SimpleNamespace(name="lo", ips={4: ["127.0.0.1"], 6: ["::1"]})}

    def L2listen(self, iface, filter):
        raise self.error


def scapy_error(text):
    from scapy.error import Scapy_Exception

    return Scapy_Exception(text)


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (
            PermissionError(1, "Operation not permitted"),
            MissingError,
            "lo: capturing needs privileges: run it with sudo",
        ),
        (OSError(19, "No such device"), MissingError, "lo: cannot be opened: No such device"),
        (
            scapy_error("Cannot set filter: Failed to compile filter expression 'port x' (unknown port 'x')"),
            UsageError,
            "'port x' is no capture filter: unknown port 'x'; such as: tcp port 25",
        ),
        (
            scapy_error("Cannot set filter: libpcap is not available. Cannot compile filter !"),
            MissingError,
            "libpcap is not installed",
        ),
    ],
)
def test_why_it_does_not_open(monkeypatch, error, kind, told):
    """One line that tells what to do."""
    monkeypatch.setattr(capture_scapy, "_scapy", lambda: FakeScapy(error))
    with pytest.raises(kind) as raised:
        ScapyFeed("lo", "port x")
    assert str(raised.value).startswith(told)


def test_an_interface_that_is_not_there(monkeypatch):
    """It is looked for before anything is opened."""
    monkeypatch.setattr(capture_scapy, "_scapy", lambda: FakeScapy(None))
    with pytest.raises(UsageError, match="eth9: there is no such interface"):
        ScapyFeed("eth9", "")
    assert interfaces() == [("lo", "127.0.0.1, ::1")]
    with pytest.raises(UsageError, match="read by dumpcap only"):
        ScapyFeed("any", "")


def test_the_interfaces_of_this_machine_are_listed():
    """With the real scapy; the loopback interface is everywhere."""
    assert any("127.0.0.1" in addresses for _, addresses in interfaces())
