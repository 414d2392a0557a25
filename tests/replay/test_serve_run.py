"""A server of `serve` over a wire."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from replay.scripts import SENDING
from replay.serving import roster
from replay.test_run import Told

from smtptrace.replay import serve_run
from smtptrace.replay.serve import Manner, Server
from smtptrace.replay.serve_run import MOST_LINE, Served, Serving
from smtptrace.wire import Endpoint, Octets, Side

LINES = b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
ENDS = (Endpoint("127.0.0.1", 40000), Endpoint("127.0.0.1", 25))


def serve(pieces: list[bytes], *, implicit: bool = False) -> Served:
    server = Server(roster(SENDING).seat(), Manner())
    serving = Serving(1, server, Told(list(pieces)), ENDS)
    return serving.run(None, implicit=implicit, timeout_s=5)


def heard(served: Served) -> bytes:
    return b"".join(e.data for e in served.connection.events if isinstance(e, Octets) and e.side is Side.CLIENT)


@pytest.mark.parametrize("content", [b"hello\r\n.\r\n", b".\r\n"])
def test_lines_in_any_pieces(content):
    """And content up to its end mark, even where it is empty; all of it is kept."""
    whole = LINES + content + b"QUIT\r\n"
    for pieces in ([whole], [whole[at : at + 1] for at in range(len(whole))]):
        served = serve(pieces)
        assert (served.number, served.session, served.deviations, served.broken) == (1, "1", (), "")
        assert heard(served) == whole
        assert served.seconds >= 0


def test_a_client_that_goes():
    """Wherever it does: it is told what was never heard."""
    whole = LINES + b"hello\r\n.\r\nQUI"
    for size in range(len(whole)):
        served = serve([whole[:size]] if size else [])
        assert served.connection.events
        assert served.broken == ""
        assert bool(served.deviations) is (size < len(LINES) + 10)
    assert serve([]).deviations[0] == "never heard: EHLO"


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([b"x" * (MOST_LINE + 1)], "octets without an end"),
        ([b"\0\xff" * 40_000], "octets without an end"),
        ([b"EHLO a\r\n", *[b"NOOP\r\n" * 100] * 20], "lines"),
        ([LINES, *[b"x" * 100] * 300], "octets"),
    ],
)
def test_a_client_without_end(monkeypatch, pieces, told):
    """It is cut off."""
    monkeypatch.setattr(serve_run, "MOST_LINES", 1000)
    monkeypatch.setattr(serve_run, "MOST_OCTETS", 100_000)
    monkeypatch.setattr(serve_run, "MOST_CONTENT", 20_000)
    assert told in serve(pieces).broken


def test_a_line_that_trickles(monkeypatch):
    """Is waited for as long as any other."""
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(serve_run, "time", SimpleNamespace(monotonic=lambda: next(clock), time_ns=time.time_ns))
    assert serve([b"N", b"O", b"O", b"P", b"\r\n"]).broken == "reading: no whole line in time"


def test_many_octets_in_good_order(monkeypatch):
    """The whole connection has a bound too."""
    monkeypatch.setattr(serve_run, "MOST_OCTETS", 1000)
    assert "more than 1000 octets" in serve([b"NOOP\r\n"] * 300).broken


def test_tls_that_is_not_set_up():
    """An outcome."""
    assert serve([], implicit=True).broken == "TLS is not set up"
