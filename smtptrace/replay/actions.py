"""What a player asks to be done, and the rules it plays by; nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from smtptrace.auth import Login
from smtptrace.replay.script import LoginAs, Said, Step
from smtptrace.secret import Secret

TIMEOUT_S = 60.0
LONGEST_PAUSE_S = 60.0
"""Seconds that one pause of the recording takes at the most, at whatever pace."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send these octets."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for one reply, so many seconds at most."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class StartTls:
    """Go on in TLS."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for so many seconds."""

    seconds: float


Action = Send | Receive | StartTls | Pause
Play = Generator[Action, Said | None, Said | None]
"""Gives actions; takes a reply after `Receive`, None after the others; a step ends with its last reply."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How to play: `login` gives the credentials for a login of the script.

    `plain_auth` lets them go without TLS; `force_auth` tries mechanisms that are not offered; `timeout_s` is the time
    for each reply, whole. `pace` multiplies the pauses of the recording, None leaves them out. `may_go` tells whether
    a RCPT command may be sent, asked when its values are in. `values` are those of the environment.
    """

    login: Callable[[LoginAs], Login]
    plain_auth: bool = False
    force_auth: bool = False
    timeout_s: float = TIMEOUT_S
    pace: float | None = None
    may_go: Callable[[bytes], bool] = lambda _line: True
    values: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step.

    `sent` is the command as it may be shown; `problem` says why it was not sent, or could not be ended; `adapted`
    says what was changed for this target. `replies` are those to a content, where each recipient has one (LMTP).
    """

    step: Step
    sent: bytes = b""
    received: Said | None = None
    problem: str = ""
    adapted: tuple[str, ...] = ()
    replies: tuple[Said, ...] = ()
