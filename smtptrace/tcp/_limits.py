"""How much the TCP stage holds at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Limits:
    """Bounds on what is held; giving up octets for one is always reported as a `Gap` with the reason `limit`.

    Attributes:
        idle_s: seconds of capture time without a packet after which a connection is given up.
        flows: connections followed at one time; beyond it those without a word, then the longest silent are given up.
        pending_octets: octets of one direction held behind a hole until the octets before them come.
        pending_segments: the same in segments.
        held_octets: octets of all connections together held behind holes, where each segment counts for 128 more.
        ordered: whether octets come in the order in which the two sides spoke. Else, and only while nothing is missing,
            each side's are joined as if the other were silent, which is less to do where the order tells nothing.
        turns: octets of one direction handed on in turns at a time; with 0 each turn is handed on as it ends.
        sealed: whether connections that begin with TLS are followed on any port, since there are keys to open them.
    """

    idle_s: int = 3600
    flows: int = 65_536
    pending_octets: int = 16 * 1024 * 1024
    pending_segments: int = 16_384
    held_octets: int = 64 * 1024 * 1024
    ordered: bool = True
    turns: int = 16 * 1024
    sealed: Callable[[], bool] = bool
