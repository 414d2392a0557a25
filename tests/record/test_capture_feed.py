"""The pump between an interface and the reader."""

from __future__ import annotations

import threading

import pytest
from support.live import FakeFeed, packets

from smtptrace.errors import MissingError
from smtptrace.record import capture_feed
from smtptrace.record.capture_feed import Pump
from smtptrace.sources._layers import PAUSE

DIALOGUE = "S: 220 hi\nC: QUIT\nS: 221 bye"


def real(found):
    """Without the pauses."""
    return [packet for packet in found if packet[2] != PAUSE]


def test_every_packet_comes_out_in_order():
    """What the feed gives is what the reader gets, and it ends when the feed does."""
    given = packets(DIALOGUE)
    feed = FakeFeed(given)
    pump = Pump(feed)
    assert real(pump) == given
    pump.close()
    assert feed.closed
    assert pump.problem is None


def test_a_silent_interface_gives_pauses_and_ticks():
    """With the frame of the packet before; `stop` ends the waiting."""
    given = packets(DIALOGUE)
    feed = FakeFeed(given, ends=False)
    ticks = []

    def tick():
        ticks.append(1)
        if len(ticks) == 3:
            feed.stop()

    found = list(Pump(feed, tick))
    pauses = [packet for packet in found if packet[2] == PAUSE]
    assert real(found) == given
    assert len(pauses) == len(ticks) >= 3
    assert {packet[0] for packet in pauses[-3:]} == {given[-1][0]}
    assert all(packet[4] == packet[5] for packet in pauses)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MissingError("eth0: it was taken down"), "eth0: it was taken down"),
        (OSError(5, "Input/output error"), "the capture broke off: Input/output error"),
    ],
)
def test_a_feed_that_breaks_off_is_told_after_its_packets(error, told):
    """What came before is read, and the reason is there to be said."""
    given = packets(DIALOGUE)
    pump = Pump(FakeFeed(given, error=error))
    assert real(pump) == given
    assert str(pump.problem) == told


def test_packets_wait_in_the_system_when_too_many_wait_here(monkeypatch):
    """The feed is not asked for more while the reader is behind."""
    given = packets(DIALOGUE) * 50
    size = sum(packet[6] + 256 for packet in given[:10])
    monkeypatch.setattr(capture_feed, "MOST_WAITING", size)
    asked = []
    behind = threading.Event()

    class Counting(FakeFeed):
        def packets(self):
            for packet in self.given:
                asked.append(packet)
                if len(asked) == 11:
                    behind.set()
                yield packet

    found, most = [], 0
    for packet in Pump(Counting(given)):
        assert behind.wait(10)
        if packet[2] != PAUSE:
            found.append(packet)
            most = max(most, len(asked) - len(found))
    assert found == given
    assert most < len(given) // 2


def test_closing_ends_a_feed_that_waits():
    """Whatever still waits is left."""
    feed = FakeFeed(packets(DIALOGUE), ends=False)
    pump = Pump(feed)
    next(iter(pump))
    pump.close()
    assert feed.closed
