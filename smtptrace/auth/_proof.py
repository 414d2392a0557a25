"""The records of a verification: what was tried, and what it showed."""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass

AS_GIVEN = "as given"
AS_SENT = "as sent"


@dataclass(slots=True)
class Identity:
    """The names that a proof is computed over; `how` tells how they differ from those sent."""

    user: str
    domain: str = ""
    how: str = AS_SENT


@dataclass(slots=True)
class Proof:
    """One proof in the exchange and whether it holds; `how` tells what the client did wrong where it holds anyway."""

    name: str
    holds: bool
    how: str = ""


class Verdict(enum.Enum):
    """Whether the password is the one: proof matches, differs, is not in the capture, or would cost too much."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NOT_PRESENT = "not-present"
    TOO_COSTLY = "too-costly"


def equal(first: bytes, second: bytes) -> bool:
    """Whether they are the same, in constant time."""
    return hmac.compare_digest(first, second)
