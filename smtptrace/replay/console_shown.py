"""What the console says to whoever drives it, and what it asks."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a line is.

    TYPED is what the user typed, said again for a log; SENT what was made of it, or made by the console; REPLY what the
    server said. MEANING explains the lines above it, REMARK tells what happened, WARNING what the user should not miss.
    """

    TYPED = "typed"
    SENT = "sent"
    REPLY = "reply"
    MEANING = "meaning"
    REMARK = "remark"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Shown:
    """One line to show: octets of the wire as they are, secrets already masked; `meaning` in plain words beside it.

    `code` is that of a reply, 0 elsewhere.
    """

    kind: Kind
    text: str | bytes
    meaning: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the user; the answer is a str, a `Secret` where `secret` names its kind, None to leave it."""

    what: str
    secret: str = ""
