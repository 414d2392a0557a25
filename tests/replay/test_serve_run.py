"""A server of `serve` over a wire."""

from __future__ import annotations

import pytest
from replay.scripts import SENDING, trace
from replay.test_run import Told

from smtptrace.clean import clean
from smtptrace.replay.serve import Manner, Server
from smtptrace.replay.serve_run import MOST_LINE, serve_one
from smtptrace.smtp import read_session
from smtptrace.wire import Octets, Side

LINES = b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"


class Connected(Told):
    """A wire with two ends."""

    local = ("127.0.0.1", 25)
    remote = ("127.0.0.1", 40000)


def serve(pieces: list[bytes], *, implicit: bool = False):
    meant = read_session(clean(trace(SENDING).session.connection).connection, keep_content=True)
    server = Server(meant, Manner())
    return serve_one(server, Connected(list(pieces)), None, implicit=implicit, timeout_s=5), server


@pytest.mark.parametrize("content", [b"hello\r\n.\r\n", b".\r\n"])
def test_lines_in_any_pieces(content):
    """And content up to its end mark, even where it is empty; all of it is kept."""
    whole = LINES + content + b"QUIT\r\n"
    for pieces in ([whole], [whole[at : at + 1] for at in range(len(whole))]):
        served, _ = serve(pieces)
        assert (served.deviations, served.broken) == ((), "")
        heard = b"".join(e.data for e in served.connection.events if isinstance(e, Octets) and e.side is Side.CLIENT)
        assert heard == whole


def test_a_client_that_goes():
    """It is told what was never heard."""
    for pieces in ([b"EHLO a\r\n"], [LINES + b"begins"], [LINES + b"."], [LINES + b"BDAT 5\r\nab"], []):
        served, _ = serve(pieces)
        assert served.connection.events
        assert served.broken == ""
    assert serve([])[0].deviations[0] == "never heard: EHLO"


def test_an_endless_line():
    """It is cut off."""
    served, _ = serve([b"x" * (MOST_LINE + 1)])
    assert "without an end" in served.broken


def test_tls_that_is_not_set_up():
    """An outcome."""
    assert serve([], implicit=True)[0].broken == "TLS is not set up"
