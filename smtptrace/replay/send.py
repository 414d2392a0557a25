"""Connects to a target and plays a script there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from smtptrace import net
from smtptrace.net import SocketWire, WireError
from smtptrace.replay.conversation import Conversation
from smtptrace.replay.plan import Target
from smtptrace.replay.player import Player, Rules
from smtptrace.replay.run import Played, Secure, play
from smtptrace.replay.script import Script
from smtptrace.replay.sent_player import SentPlayer
from smtptrace.wire import Connection, Endpoint, Open, Opening, Origin


class Halt:
    """Ends all that runs at a target, from another thread; `wires` are the connections that there are."""

    def __init__(self) -> None:
        self._halted = threading.Event()
        self.wires: list[SocketWire] = []

    def is_set(self) -> bool:
        """Whether nothing more may be sent."""
        return self._halted.is_set()

    def set(self) -> None:
        """Let nothing more be sent, and nobody wait for a reply."""
        self._halted.set()
        for wire in tuple(self.wires):
            wire.stop_reading()

    @contextmanager
    def over(self, wire: SocketWire) -> Iterator[None]:
        """While it lasts, `set` ends this connection too."""
        self.wires.append(wire)
        try:
            yield
        finally:
            self.wires.remove(wire)


@dataclass(frozen=True, slots=True)
class Where:
    """How to get to a target: its numeric addresses, resolved once, so that the plan and the sending mean the same.

    Nothing more is sent there once `halt` is set.
    """

    target: Target
    addresses: tuple[str, ...]
    secure: Secure
    bind: str | None = None
    timeout_s: float = 60.0
    halt: Halt = field(default_factory=Halt)


def where(endpoint: Endpoint, secure: Secure, *, bind: str | None, timeout_s: float) -> Where:
    """The way to a target; every address of it must be of this machine for it to count as loopback.

    Raises:
        WireError: its name cannot be resolved.
    """
    found = net.addresses(endpoint.host, endpoint.port)
    target = Target(endpoint, bool(found) and all(map(net.is_loopback, found)))
    return Where(target, found, secure, bind, timeout_s)


def player_of(script: Script, rules: Rules) -> Conversation:
    """What plays the script: as it was sent where it holds the octets, else as it was meant."""
    return (SentPlayer if any(step.parts for step in script.steps) else Player)(script, rules)


def begin(script: Script, place: Where, rules: Rules) -> Callable[[], Played]:
    """Connect to a target; what is given plays the script there and is to be called once.

    A target that cannot be reached is an outcome too.
    """
    player = player_of(script, rules)
    port = place.target.endpoint.port
    problem = "no address"
    for address in place.addresses:
        try:
            wire = net.connect(address, port, timeout_s=place.timeout_s, bind=place.bind)
        except WireError as error:
            problem = str(error)
            continue
        return partial(_play, player, wire, place, Endpoint(address, port))
    return partial(_unreached, player, place, problem)


def send(script: Script, place: Where, rules: Rules) -> Played:
    """Connect to a target and play a script there, once."""
    return begin(script, place, rules)()


def _play(player: Conversation, wire: SocketWire, place: Where, end: Endpoint) -> Played:
    ends = (Endpoint(*wire.local), end)  # a socket that was reset meanwhile knows of no other end
    with place.halt.over(wire):
        return play(player, wire, ends, place.secure, place.timeout_s, halted=place.halt.is_set)


def _unreached(player: Conversation, place: Where, problem: str) -> Played:
    player.broken(problem)
    port = place.target.endpoint.port
    ends = (Endpoint("", 0), Endpoint(place.addresses[0] if place.addresses else "", port))
    nothing = Connection(*ends, Origin("replay", "replay"), 1, None, (Open(Opening.NO_ANSWER),))
    return Played(tuple(player.done), nothing, broken=problem, stopped=problem)


@contextmanager
def ntlm_level(level: int | None) -> Iterator[None]:
    """While it lasts, pyspnego answers NTLM with this LmCompatibilityLevel ([MS-NLMP], 2.2.2.1); None leaves it."""
    import os

    name = "LM_COMPAT_LEVEL"
    before = os.environ.get(name)
    if level is not None:
        os.environ[name] = f"{level}"
    try:
        yield
    finally:
        if level is not None:
            os.environ.pop(name)
            os.environ.update({} if before is None else {name: before})
