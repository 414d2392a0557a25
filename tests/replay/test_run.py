"""A player driven over a wire."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from replay.scripts import LOGIN, SENDING, script

from smtptrace.auth import Login
from smtptrace.net import TlsFacts, WireError
from smtptrace.replay.player import Player, Rules
from smtptrace.replay.run import Secure, play
from smtptrace.secret import Secret
from smtptrace.wire import Close, Endpoint, Octets, Secured, Side

ENDS = (Endpoint("127.0.0.1", 40000), Endpoint("127.0.0.1", 25))
RULES = Rules(lambda how: Login("alice", Secret("x")), plain_auth=True)
REPLIES = [
    b"220 x\r\n",
    b"250-x\r\n250 STARTTLS\r\n",
    b"250 x\r\n",
    b"250 x\r\n",
    b"354 x\r\n",
    b"250 x\r\n",
    b"221 x\r\n",
]


@dataclass
class Told:
    """A wire that says what it was told to, piece by piece, and keeps what was written."""

    pieces: list[bytes]
    written: list[bytes] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    closed: int = 0
    tls: list[str] = field(default_factory=list)
    breaks_at: bytes = b"(never)"

    def read(self, timeout_s: float) -> bytes:
        self.timeouts.append(timeout_s)
        return self.pieces.pop(0) if self.pieces else b""

    def write(self, octets: bytes, timeout_s: float) -> None:
        if octets.startswith(self.breaks_at):
            raise WireError("writing: broken pipe")
        self.written.append(octets)

    def start_tls(self, context, name: str, timeout_s: float) -> TlsFacts:
        self.tls.append(name)
        return TlsFacts("TLSv1.3", "AES", b"")

    def close(self) -> None:
        self.closed += 1


def run(text: str, pieces: list[bytes], secure: Secure | None = None, breaks_at: bytes = b"(never)", **choices):
    found = script(text, **choices)
    wire = Told(list(pieces), breaks_at=breaks_at)
    player = Player(found, RULES)
    return play(player, wire, ENDS, secure, 5.0), wire


def test_what_went_over_the_wire_is_kept():
    """Both streams in their order, with times, and the end."""
    played, wire = run(SENDING, REPLIES)
    said = [event for event in played.connection.events if isinstance(event, Octets)]
    assert b"".join(event.data for event in said if event.side is Side.SERVER) == b"".join(REPLIES)
    assert [event.data for event in said if event.side is Side.CLIENT] == wire.written
    assert all(event.time_ns for event in played.connection.events)
    assert isinstance(played.connection.events[-1], Close)
    assert (played.broken, played.stopped, wire.closed) == ("", "", 1)
    assert all(done.received.latency_ns is not None for done in played.done[1:])


def test_replies_in_pieces_and_together():
    """As they come."""
    whole = b"".join(REPLIES)
    for pieces in ([whole[at : at + 3] for at in range(0, len(whole), 3)], [whole]):
        played, _ = run(SENDING, pieces)
        assert played.stopped == ""
        assert len(played.done) == 6


def test_tls_in_the_record():
    """With the name that was checked."""
    offer = [b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"250 x\r\n", b"221 x\r\n"]
    played, wire = run(LOGIN, offer, Secure(None, "mail.test"), tls="starttls")
    (event,) = (each for each in played.connection.events if isinstance(each, Secured))
    assert (event.opened, event.implicit, event.version, event.sni) == (True, False, "TLS 1.3", "mail.test")
    assert wire.tls == ["mail.test"]
    assert played.tls.version == "TLSv1.3"


def test_tls_at_once():
    """Before the greeting."""
    played, _ = run(SENDING, REPLIES, Secure(None, "mail.test"), tls="implicit")
    assert isinstance(played.connection.events[0], Secured)
    assert played.connection.events[0].implicit


def test_tls_that_is_not_set_up():
    """It is an outcome, not an accident."""
    played, _ = run(SENDING, REPLIES, None, tls="implicit")
    assert (played.broken, len(played.done)) == ("TLS is not set up", 1)


def test_a_write_that_fails():
    """The step is named in which it did."""
    played, wire = run(SENDING, REPLIES, breaks_at=b"RCPT")
    assert played.broken == "writing: broken pipe"
    assert played.done[-1].step.verb == "RCPT"
    assert wire.closed == 1


def test_an_end_after_our_own_quit_is_no_matter():
    """The session was over."""
    played, wire = run(SENDING, [b"554 no\r\n"])
    assert (played.broken, wire.written) == ("", [b"QUIT\r\n"])
    assert played.stopped


def test_what_goes_out_before_all_else():
    """A header of the PROXY protocol precedes even TLS, and is kept."""
    found = replace(script(SENDING, tls="implicit"), preamble=b"PROXY UNKNOWN\r\n")
    wire = Told(list(REPLIES))
    played = play(Player(found, RULES), wire, ENDS, Secure(None, "mail.test"), 5.0)
    assert wire.written[0] == b"PROXY UNKNOWN\r\n"
    assert [type(event) for event in played.connection.events[:2]] == [Octets, Secured]


def test_a_run_that_is_ended():
    """Nothing more is sent."""
    wire = Told(list(REPLIES))
    played = play(Player(script(SENDING), RULES), wire, ENDS, None, 5.0, halted=lambda: len(wire.written) == 2)
    assert (len(wire.written), played.broken, wire.closed) == (2, "the run was ended", 1)
