"""What one login attempt shows."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from smtptrace.secret import Masked, Secret
from smtptrace.wire import Span


class AuthOutcome(enum.Enum):
    """How an attempt ended: 235; 4xx or 5xx; `*`; no final reply."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"


class Exposure(enum.Enum):
    """What a reader of the octets gains.

    CLEAR: the secret itself; BEARER: a token to use until it expires; HASH: what serves as the password;
    GUESSABLE: guesses can be tested offline; SERVICE_GUESSABLE: the same against the service's key; SAFE: nothing;
    NONE: there is no secret.
    """

    CLEAR = "clear"
    BEARER = "bearer"
    HASH = "hash"
    GUESSABLE = "guessable"
    SERVICE_GUESSABLE = "service-guessable"
    SAFE = "safe"
    NONE = "none"


@dataclass(slots=True)
class DecodedRound:
    """One step in plain words, each on one line; secrets are `Secret` parts, None where nothing was said."""

    challenge: Masked | None = None
    response: Masked | None = None


@dataclass(slots=True)
class Credential:
    """One login attempt, decoded and judged.

    `secret` is the password, token or proof. `tls` tells whether it was protected on the wire when it was sent.
    `secret_spans` are the places of raw octets that must be masked. `details` are facts by name for display and
    JSON (values are str, int, bool, None, lists and dicts of these, or `Secret`). `problems` are slugs of what is
    wrong with the exchange. `rounds` holds the initial response first where there was one (its challenge None).
    `advice` says what to do where something was exposed.
    """

    mechanism: str
    verb: str
    outcome: AuthOutcome
    authcid: str | None = None
    authzid: str | None = None
    domain: str | None = None
    secret: Secret | None = None
    code: int | None = None
    exposure: Exposure = Exposure.NONE
    tls: bool = False
    rounds: tuple[DecodedRound, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    secret_spans: tuple[Span, ...] = ()
    span: Span | None = None
    advice: str = ""
