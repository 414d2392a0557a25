"""The server's side of SCRAM against our own client's."""

from __future__ import annotations

import pytest
from support.dialogue import session

from smtptrace.auth import Login, responder
from smtptrace.replay.scram_server import ScramServer
from smtptrace.secret import Secret


def exchange(mechanism: str):
    (found,) = session(f"S: 220 hi\nC: EHLO a\nS: 250 hi\nC: AUTH {mechanism}\nS: 535 no").authentications
    return found


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_both_sides_agree(mechanism):
    """The client takes the server's proof; a wrong password gets none, and nor does a server without one."""
    for given, right in ((Secret("geheim"), True), (Secret("anders"), False), (None, False)):
        server = ScramServer.of(exchange(mechanism), given)
        client = responder(mechanism, Login("alice", Secret("geheim")))
        verdict = server.final(client.send(server.first(next(client))))
        assert (verdict is not None) is right
        if verdict:
            assert client.send(verdict) == b""


def test_other_mechanisms():
    """They are not for it."""
    assert ScramServer.of(exchange("PLAIN"), None) is None
