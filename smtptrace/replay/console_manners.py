"""How a console behaves, and where it is."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass


class State(enum.Enum):
    """What the next line is: a command, content of a message, or a response within AUTH, in base64."""

    COMMAND = "command"
    CONTENT = "content"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Manners:
    """How to behave: who logs in ("" asks), whether a login may go in clear to another machine, seconds for a reply.

    `explain` gives the lines that explain a code or a slug; with `reveal`, what is saved holds secrets.
    """

    user: str = ""
    plain_auth: bool = False
    timeout_s: float = 60.0
    explain: Callable[[str], Iterable[str]] = lambda _: ()
    reveal: bool = False
